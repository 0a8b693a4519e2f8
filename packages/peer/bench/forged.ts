/*
 * `npm run forged`: so many forged, repeated, truncated, changed and foreign messages to one mailbox (a million unless a number
 * is given). Prints how many were accepted, the time for each, and the memory. Ends with 1 if any was accepted.
 */
import { randomBytes, randomInt } from "node:crypto";
import { createIdentity } from "../src/index.js";
import { Mailbox } from "../src/protocol.js";

const count = Number(process.argv[2] ?? 1_000_000);
const [alice, bob, eve] = [createIdentity(), createIdentity(), createIdentity()];
const now = Date.now();
const [from, to, foreign] = [new Mailbox(alice), new Mailbox(bob), new Mailbox(alice)];
const seen = Array.from({ length: 256 }, () => from.seal(bob, randomBytes(randomInt(1000)), to.boot, now));
for (const one of seen) to.open(one, now);
const others = Array.from({ length: 256 }, () => foreign.seal(eve, randomBytes(100), null, now));
const old = Array.from({ length: 256 }, () => foreign.seal(bob, randomBytes(100), to.boot, now - 3_600_000));
const kinds: readonly ((one: Buffer, at: number) => Uint8Array)[] = [
	(one) => one,
	(one) => one.subarray(0, randomInt(one.length)),
	(one) => {
		const changed = Buffer.from(one);
		const bit = randomInt(one.length * 8);
		changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
		return changed;
	},
	() => randomBytes(256 * (1 + randomInt(4))),
	(_one, at) => others[at % others.length] ?? Buffer.alloc(0),
	(_one, at) => old[at % old.length] ?? Buffer.alloc(0),
];

global.gc?.();
const before = process.memoryUsage().heapUsed;
const started = performance.now();
const outcomes = new Map<string, number>();
for (let at = 0; at < count; at++) {
	const kind = kinds[at % kinds.length];
	const one = seen[at % seen.length];
	if (kind === undefined || one === undefined) throw new Error("no message");
	const receipt = to.open(kind(one, at), now);
	const outcome = receipt.status === "refused" ? receipt.reason : receipt.status;
	outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
}
const micros = ((performance.now() - started) * 1000) / count;
global.gc?.();
const grown = (process.memoryUsage().heapUsed - before) / 2 ** 20;
const accepted = outcomes.get("accepted") ?? 0;
console.log(
	`${count} messages, ${accepted} accepted, ${micros.toFixed(0)} us each, ${grown.toFixed(1)} MiB more heap`,
);
console.log([...outcomes].map(([outcome, times]) => `${outcome} ${times}`).join(", "));
process.exitCode = accepted === 0 ? 0 : 1;
