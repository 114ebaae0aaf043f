// Work that is hard on an allocator and prints the same on every run.
'use strict';
const { Worker, isMainThread, parentPort, workerData } =
	require('worker_threads');
const { createHash } = require('crypto');
const { execFileSync } = require('child_process');
const zlib = require('zlib');

const scale = process.argv[2] === 'quick' ? 1 : 5;

function show(name, data) {
	const digest = createHash('sha256').update(data).digest('hex');
	console.log(`${name}: ${digest}`);
}

function randomFrom(seed) {
	return (n) => {
		seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
		return (seed >>> 8) % n;
	};
}

function buffers(seed, steps) {
	const random = randomFrom(seed);
	const slots = [];
	for (let i = 0; i < steps; i++) {
		const size = i % 50 ? random(5000) : random(2000000);
		slots[random(500)] = Buffer.alloc(size, i & 255);
	}
	const hash = createHash('sha256');
	for (const slot of slots)
		hash.update(slot || 'none');
	return hash.digest('hex');
}

function objects() {
	const random = randomFrom(7);
	const map = new Map();
	for (let i = 0; i < 200000 * scale; i++) {
		map.set(`k${random(50000)}`, { i, s: 'x'.repeat(random(50)) });
		if (i % 3 === 0)
			map.delete(`k${random(50000)}`);
	}
	const text = JSON.stringify([...map].sort());
	return JSON.stringify(JSON.parse(text));
}

async function main() {
	show('buffers', buffers(1, 5000 * scale));
	show('objects', objects());
	const input = Buffer.from('some text '.repeat(200000 * scale));
	for (const level of [1, 6, 9]) {
		const packed = zlib.gzipSync(input, { level });
		if (!zlib.gunzipSync(packed).equals(input))
			throw new Error('gunzip');
	}
	show('brotli', zlib.brotliCompressSync(input.subarray(0, 500000)));
	const answers = await Promise.all([1, 2, 3, 4, 5, 6].map((seed) =>
		new Promise((resolve, reject) => {
			const worker = new Worker(__filename, {
				workerData: seed, argv: process.argv.slice(2),
			});
			worker.on('message', resolve);
			worker.on('error', reject);
		})));
	show('workers', answers.join());
	for (let i = 0; i < 3; i++)
		show('child', execFileSync(process.execPath,
			['-e', 'console.log("x".repeat(100000))']));
}

if (isMainThread)
	main();
else
	parentPort.postMessage(buffers(workerData, 2000));
