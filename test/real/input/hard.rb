# Work that is hard on an allocator and prints the same on every run.
require 'digest'
require 'json'

SCALE = ARGV[0] == 'quick' ? 1 : 5

def show(name, data)
  puts "#{name}: #{Digest::SHA256.hexdigest(data.to_s)}"
end

rng = Random.new(1)

table = {}
(60_000 * SCALE).times do |i|
  key = "k#{rng.rand(20_000)}"
  (table[key] ||= []) << ('v' * rng.rand(200))
  table.delete("k#{rng.rand(20_000)}") if (i % 3).zero?
end
show 'table', table.sort.map { |k, v| [k, v.sum(&:length)] }

text = JSON.pretty_generate(table.first(5000).to_h)
raise 'json' unless JSON.parse(text) == table.first(5000).to_h

show 'json', text
table.delete_if { |k, _| k.hash.even? || k.size > 2 }
GC.start
GC.compact if GC.respond_to?(:compact)

string = +''
(20_000 * SCALE).times { |i| string << i.to_s * (i % 13) }
show 'string', string.gsub(/(\d)\1+/) { |m| m.size.to_s }.reverse

tree = lambda do |depth|
  depth.zero? ? [nil, nil] : [tree.call(depth - 1), tree.call(depth - 1)]
end
show 'tree', (1..8).map { |d| tree.call(d + 5).flatten(d).size }

threads = (1..16).map do |n|
  Thread.new { (1..3000).map { |i| (i * n).to_s * 3 }.sort.join.sum }
end
show 'threads', threads.map(&:value)

fibers = (1..500).map { |n| Fiber.new { Fiber.yield 'f' * n while true } }
show 'fibers', (1..5).flat_map { fibers.map(&:resume) }

results = (1..8).map do |n|
  reader, writer = IO.pipe
  pid = fork do
    reader.close
    writer.write((1..5000).map { |i| i.to_s * n }.join.sum.to_s)
    writer.close
    exit!(0)
  end
  writer.close
  value = reader.read
  Process.wait(pid)
  value
end
show 'processes', results
show 'big', (2**200_000 * 3**50_000).to_s
