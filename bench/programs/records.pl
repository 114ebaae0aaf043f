# Hashes of arrays of hashes, strings cut and joined.
use strict;
use warnings;

my $count = shift;
for my $turn (1 .. 4) {
	my (@records, %by_tag, %words);
	for my $i (1 .. $count) {
		my %record = (
			id => $i,
			name => "name-" . $i * 7919 % $count,
			tags => [map { "tag" . ($i + $_) % 40 } 1 .. $i % 6],
			note => "a longer note on $i " x (1 + $i % 3),
		);
		push @records, \%record;
		push @{$by_tag{$_}}, $record{name} for @{$record{tags}};
	}
	print "$turn ", join(", ",
		map { "$_=" . @{$by_tag{$_}} } sort keys %by_tag), "\n";
	for my $record (@records) {
		$words{$_}++ for split / /, $record->{note};
	}
	my @most = sort { $words{$b} <=> $words{$a} || $a cmp $b } keys %words;
	print join(" ", @most[0 .. 9]), "\n";
	my $text = join "\n", map { $_->{note} }
		sort { $a->{name} cmp $b->{name} || $a->{id} <=> $b->{id} }
		@records;
	$text =~ s/note on (\d)/entry $1/g;
	print length($text), "\n";
}
