# Records, hashes, arrays and strings, sorted and joined over and over.
count = Integer(ARGV[0])
Record = Struct.new(:id, :name, :tags, :note)

4.times do |turn|
  records = Array.new(count) do |i|
    Record.new(i, "name-#{i * 7919 % count}",
               Array.new(i % 6) { |j| "tag#{(i + j) % 40}" },
               "some longer note on record #{i} " * (1 + i % 3))
  end
  by_tag = Hash.new { |hash, key| hash[key] = [] }
  records.each { |record| record.tags.each { |tag| by_tag[tag] << record } }
  lines = by_tag.map { |tag, list| "#{tag}: #{list.map(&:name).uniq.size}" }
  puts "#{turn} #{lines.sort.join(', ')}"
  words = records.flat_map { |record| record.note.split(" ") }
  puts words.tally.sort_by { |word, n| [-n, word] }.first(10).inspect
  text = records.sort_by { |r| [r.name, r.id] }.map(&:note).join("\n")
  puts text.bytesize, text.gsub(/record (\d)/) { "r#{$1}" }.bytesize
end
