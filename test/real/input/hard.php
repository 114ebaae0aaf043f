<?php
// Work that is hard on an allocator and prints the same on every run.
$scale = $argv[1] === 'quick' ? 1 : 5;
$seed = 1;

function next_random(int $n): int
{
    global $seed;
    $seed = ($seed * 1103515245 + 12345) % 2147483648;
    return ($seed >> 8) % $n;
}

class Node
{
    public ?Node $left = null;
    public ?Node $right = null;

    public function __construct(public int $key)
    {
    }
}

function insert(?Node $node, int $key): Node
{
    if ($node === null) {
        return new Node($key);
    }
    if ($key < $node->key) {
        $node->left = insert($node->left, $key);
    } elseif ($key > $node->key) {
        $node->right = insert($node->right, $key);
    }
    return $node;
}

function depth(?Node $node): int
{
    return $node ? 1 + max(depth($node->left), depth($node->right)) : 0;
}

$slots = [];
for ($i = 0; $i < 200000 * $scale; $i++) {
    $slot = next_random(5000);
    switch ($i % 3) {
        case 0:
            $slots[$slot] = str_repeat(chr(97 + $i % 26), next_random(1000));
            break;
        case 1:
            $slots[$slot] = range(0, next_random(40));
            break;
        default:
            unset($slots[$slot]);
    }
}
ksort($slots);
$text = json_encode($slots);
echo 'json ', strlen($text), ' ', md5($text), "\n";
echo 'back ', md5(serialize(json_decode($text, true))), "\n";

$parts = [];
for ($i = 0; $i < 50000 * $scale; $i++) {
    $parts[] = sprintf('%d:%x', $i, $i * 7919);
}
$text = implode(',', $parts);
echo 'implode ', strlen($text), ' ', crc32($text), "\n";
echo 'replace ', crc32(preg_replace('/(\d+):/', '$1$1', $text)), "\n";
sort($parts, SORT_STRING);
echo 'sort ', $parts[0], ' ', end($parts), "\n";

$root = null;
for ($i = 0; $i < 20000 * $scale; $i++) {
    $root = insert($root, next_random(1 << 20));
}
echo 'tree ', depth($root), "\n";
// The rounds of the cycle collector.
for ($i = 0; $i < 20000 * $scale; $i++) {
    $a = new stdClass();
    $b = new stdClass();
    $a->other = $b;
    $b->other = $a;
}
echo 'cycles ', gc_collect_cycles() >= 0 ? 'gone' : 'kept', "\n";

if (extension_loaded('dom') && extension_loaded('SimpleXML')) {
    $xml = simplexml_load_string('<r>' . str_repeat('<a b="c">d</a>', 1000) . '</r>');
    echo 'xml ', count($xml->a), "\n";
}
echo 'zip ', function_exists('gzcompress')
    ? strlen(gzuncompress(gzcompress($text))) : 0, "\n";
