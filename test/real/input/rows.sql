PRAGMA page_size = 4096;
CREATE TABLE item(id INTEGER PRIMARY KEY, name TEXT, kind INTEGER, price REAL,
		  note TEXT);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n
			WHERE i < 300000)
INSERT INTO item SELECT i, printf('name-%07d', (i * 7919) % 300007), i % 97,
	(i * 31 % 10007) / 7.0, substr(hex(i * 2654435761), 1, i % 60)
FROM n;
CREATE INDEX item_name ON item(name);
CREATE INDEX item_kind ON item(kind, price);
SELECT count(*), sum(id), round(sum(price), 3), sum(length(note)) FROM item;
SELECT kind, count(*), round(avg(price), 4), max(name) FROM item
GROUP BY kind ORDER BY 3 DESC, 1 LIMIT 20;
BEGIN;
UPDATE item SET note = note || name || note WHERE id % 3 = 0;
DELETE FROM item WHERE id % 7 = 0;
SAVEPOINT half;
DELETE FROM item WHERE kind < 50;
ROLLBACK TO half;
COMMIT;
SELECT a.name, b.name FROM item a JOIN item b ON a.kind = b.kind
AND b.price = a.price AND a.id < b.id ORDER BY a.name DESC, b.name LIMIT 30;
SELECT length(group_concat(name)) FROM (SELECT name FROM item ORDER BY note);
SELECT count(*) FROM item WHERE note LIKE '%9%a%' OR name GLOB '*77';
WITH w AS (SELECT id, kind, sum(price) OVER (PARTITION BY kind ORDER BY id)
	   AS running FROM item)
SELECT kind, round(max(running), 2) FROM w GROUP BY kind ORDER BY kind LIMIT 20;
VACUUM;
PRAGMA integrity_check;
