import { CASES, runMatrix, twoLiars } from "/work/main/packages/nat/test/scenes/matrix.js";

const [mode, n, from, rtt] = process.argv.slice(2);
const seeds = Array.from({ length: Number(n ?? 1) }, (_, i) => i + Number(from ?? 1));
const scene =
	mode === "liars"
		? (s: number) => ({ rtt: 600, loss: 0.1, bad: twoLiars(s) })
		: mode === "loss"
			? () => ({ loss: 0.05, rtt: Number(rtt ?? 50) })
			: () => ({ rtt: Number(rtt ?? 50) });
const t = await runMatrix(mode ?? "clean", CASES, seeds, scene);
console.log(t.misses.slice(0, 40).join("\n"));
const q = (a: number[], p: number) =>
	[...a].sort((x, y) => x - y)[Math.min(a.length - 1, Math.floor(a.length * p))];
console.log({
	runs: t.runs,
	type: t.type,
	delta: t.delta,
	behaviour: t.behaviour,
	took: [q(t.took, 0.5), q(t.took, 0.99), q(t.took, 1)],
	datagrams: [q(t.datagrams, 0.5), q(t.datagrams, 1)],
});
