# Work that is hard on an allocator and prints the same on every run.
use strict;
use warnings;
use threads;

my $scale = $ARGV[0] eq 'quick' ? 1 : 5;
my $seed = 1;

sub next_random {
	$seed = ($seed * 1103515245 + 12345) % 2147483648;
	return $seed >> 8;
}

my %words;
for my $i (1 .. 100_000 * $scale) {
	my $word = 'w' . next_random() % 30_011;
	push @{$words{$word}{places}}, $i;
	$words{$word}{text} .= chr(97 + $i % 26) x ($i % 9);
	delete $words{'w' . next_random() % 30_011} if $i % 4 == 0;
}
my @order = sort {
	@{$words{$b}{places}} <=> @{$words{$a}{places}} || $a cmp $b
} keys %words;
print scalar(@order), " $_ $words{$_}{text}\n" for @order[0 .. 9];

my $text = join ' ', map { reverse $_ } @order;
my $count = () = $text =~ /(\d)\1/g;
(my $changed = $text) =~ s/(\d+)w/'[' . $1 * 3 . ']'/ge;
print length($text), " $count ", length($changed), ' ',
	unpack('%32C*', $changed), "\n";

my $big = 'x';
$big .= $big while length $big < 32 * 1024 * 1024;
substr $big, 1000, 5_000_000, 'y' x 9_000_000;
print length($big), ' ', ($big =~ tr/y//), "\n";

my @threads = map {
	my $n = $_;
	threads->create(sub {
		my %own = map { $_ * $n => 'v' x ($_ % 100) } 1 .. 5000;
		my $sum = 0;
		$sum += $_ * length $own{$_} for keys %own;
		return $sum;
	});
} 1 .. 6;
print join(' ', map { $_->join } @threads), "\n";

for my $n (1 .. 20) {
	my $pid = open my $pipe, '-|';
	die "fork: $!" unless defined $pid;
	if ($pid == 0) {
		my @a = map { $_ x $n } 1 .. 2000;
		print length(join '', @a), "\n";
		exit 0;
	}
	print <$pipe>;
	close $pipe;
}
