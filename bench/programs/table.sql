-- An in-memory database: a table with two indexes is filled, joined,
-- aggregated, updated and thinned out. @ROWS@ is replaced by the runner.
PRAGMA journal_mode = OFF;
CREATE TABLE item (
	id INTEGER PRIMARY KEY, name TEXT, grp INTEGER, price REAL, note TEXT);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n
	WHERE i < @ROWS@)
INSERT INTO item
SELECT i, printf('item-%08d', (i * 7919) % @ROWS@), i % 977,
	(i * 31 % 10007) / 100.0, substr('abcdefghijklmnopqrstuvwxyz'
	|| 'abcdefghijklmnopqrstuvwxyz', i % 26 + 1, i % 24)
FROM n;
CREATE INDEX item_name ON item(name);
CREATE INDEX item_grp ON item(grp, price);
SELECT count(*), round(sum(price), 2), max(name) FROM item;
SELECT grp, count(*), round(avg(price), 3) FROM item
	GROUP BY grp ORDER BY avg(price) DESC, grp LIMIT 20;
SELECT count(*) FROM item a JOIN item b ON a.name = b.name
	WHERE a.grp < 200;
UPDATE item SET note = note || name, price = price * 1.1 WHERE grp % 3 = 0;
DELETE FROM item WHERE grp % 5 = 1;
SELECT note, count(*) FROM item GROUP BY note ORDER BY 2 DESC, 1 LIMIT 20;
SELECT group_concat(name, ',') FROM (SELECT name FROM item
	WHERE grp = 42 ORDER BY name LIMIT 200);
