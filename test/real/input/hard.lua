-- Work that is hard on an allocator and prints the same on every run.
local scale = arg[1] == 'quick' and 1 or 5
local seed = 1

local function next_random(n)
	seed = (seed * 1103515245 + 12345) % 2147483648
	return (seed >> 8) % n
end

local function sum_text(text)
	local sum = 0
	for i = 1, #text, 97 do
		sum = (sum * 31 + text:byte(i)) % 1000000007
	end
	return #text .. ' ' .. sum
end

local slots = {}
for i = 1, 400000 * scale do
	local kind = i % 3
	local slot = next_random(5000)
	if kind == 0 then
		slots[slot] = string.rep('s', next_random(1000))
	elseif kind == 1 then
		local t = {}
		for j = 1, next_random(40) do
			t[j] = j
		end
		slots[slot] = t
	else
		slots[slot] = function() return i end
	end
end
local total = 0
for slot = 0, 4999 do
	local v = slots[slot]
	total = total + (type(v) == 'function' and v() or v and #v or 0)
end
print('slots', total)

local parts = {}
for i = 1, 100000 * scale do
	parts[i] = ('%d:%x'):format(i, i * 7919)
end
local text = table.concat(parts, ',')
print('concat', sum_text(text))
print('gsub', sum_text((text:gsub('(%d+):', function(d) return d .. d end))))
table.sort(parts)
print('sort', parts[1], parts[#parts // 2], parts[#parts])

local running = {}
for i = 1, 2000 do
	running[i] = coroutine.wrap(function()
		local own = {}
		while true do
			own[#own + 1] = i
			coroutine.yield(#own * i)
		end
	end)
end
total = 0
for _ = 1, 50 do
	for i = 1, #running do
		total = total + running[i]()
	end
end
print('coroutines', total)

local big = 'x'
while #big < 1 << 26 do
	big = big .. big
end
print('big', sum_text(big))
running, slots, parts = nil, nil, nil
collectgarbage()
print('tree', (function()
	local function tree(depth)
		return depth > 0 and {tree(depth - 1), tree(depth - 1)} or {}
	end
	local function count(t)
		return 1 + (t[1] and count(t[1]) + count(t[2]) or 0)
	end
	return count(tree(16))
end)())
