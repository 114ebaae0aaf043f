-- Tables, closures and strings: records are made, indexed, sorted, joined.
local count = math.tointeger(arg[1])

local function make(i)
	local tags = {}
	for j = 1, i % 6 do
		tags[j] = "tag" .. (i + j) % 40
	end
	return {
		id = i, tags = tags, name = "name-" .. i * 7919 % count,
		note = ("note on " .. i .. "; "):rep(1 + i % 4),
	}
end

for turn = 1, 4 do
	local records, by_tag, keys = {}, {}, {}
	for i = 1, count do
		records[i] = make(i)
		for _, tag in ipairs(records[i].tags) do
			if not by_tag[tag] then
				by_tag[tag] = {}
				keys[#keys + 1] = tag
			end
			table.insert(by_tag[tag], records[i].name)
		end
	end
	table.sort(keys)
	for i, key in ipairs(keys) do
		keys[i] = key .. "=" .. #by_tag[key]
	end
	print(turn, table.concat(keys, " "))
	table.sort(records, function(a, b)
		if a.name ~= b.name then
			return a.name < b.name
		end
		return a.id < b.id
	end)
	local notes = {}
	for i, record in ipairs(records) do
		notes[i] = record.note:gsub("note", "entry")
	end
	print(#table.concat(notes, "\n"), records[1].name, notes[#notes])
end
