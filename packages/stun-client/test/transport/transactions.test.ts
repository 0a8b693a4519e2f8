import { describe, expect, it } from "vitest";
import { StunTransactions, type TransactionPlan } from "../../src/transport/transactions.js";

const A = { ip: "192.0.2.1", port: 3478 };
const B = { ip: "192.0.2.2", port: 3479 };

const plan = (key: string, more: Partial<TransactionPlan> = {}): TransactionPlan => ({
	key,
	to: A,
	expectFrom: A,
	schedule: { sendAt: [0, 500, 1500], giveUpAfter: 9500 },
	...more,
});

describe("the table of transactions", () => {
	it("says what to send and when, and when it is over", () => {
		const table = new StunTransactions();
		table.begin(plan("x"), 1000);
		const log: unknown[] = [];
		for (let at = table.nextAt(); at !== undefined; at = table.nextAt()) log.push([at, ...table.due(at)]);
		expect(log).toEqual([
			[1000, { kind: "send", key: "x", to: A }],
			[1500, { kind: "send", key: "x", to: A }],
			[2500, { kind: "send", key: "x", to: A }],
			[10500, { kind: "timeout", key: "x", sends: 3, waited: 9500 }],
		]);
		expect(table.size).toBe(0);
	});

	it("has nothing to say before the time", () => {
		const table = new StunTransactions();
		table.begin(plan("x"), 0);
		table.due(0);
		expect(table.due(499)).toEqual([]);
	});

	it("makes up for a pause of the process with one datagram", () => {
		const table = new StunTransactions();
		table.begin(plan("x"), 0);
		expect(table.due(2000)).toEqual([{ kind: "send", key: "x", to: A }]);
		expect(table.judge("x", A, 2010)).toMatchObject({ kind: "reply", sends: 3, rtt: 10 });
	});

	it("counts a reply with the id, from the source that was asked", () => {
		const table = new StunTransactions();
		table.begin(plan("x"), 0);
		table.due(0);
		expect(table.judge("y", A, 20)).toEqual({ kind: "foreign" });
		expect(table.judge("x", B, 20)).toEqual({ kind: "wrong-source", key: "x" });
		expect(table.judge("x", { ...A, port: 3479 }, 20)).toEqual({ kind: "wrong-source", key: "x" });
		expect(table.judge("x", A, 20)).toEqual({ kind: "reply", key: "x", rtt: 20, sends: 1 });
	});

	it("does not count a reply to a request that was not sent yet", () => {
		const table = new StunTransactions();
		table.begin(plan("x", { schedule: { sendAt: [100], giveUpAfter: 500 } }), 0);
		expect(table.judge("x", A, 50)).toEqual({ kind: "foreign" });
	});

	it("takes a reply from any of several sources, or from any at all", () => {
		const table = new StunTransactions();
		table.begin(plan("two", { expectFrom: [A, B] }), 0);
		table.begin(plan("any", { expectFrom: "any" }), 0);
		table.due(0);
		expect(table.judge("two", B, 1).kind).toBe("reply");
		expect(table.judge("two", { ip: "192.0.2.3", port: 1 }, 1).kind).toBe("wrong-source");
		expect(table.judge("any", { ip: "192.0.2.3", port: 1 }, 1).kind).toBe("reply");
	});

	it("compares sources as addresses, not as texts", () => {
		const table = new StunTransactions();
		table.begin(plan("x", { expectFrom: { ip: "2001:DB8:0:0::1", port: 1 } }), 0);
		table.due(0);
		expect(table.judge("x", { ip: "2001:db8::1", port: 1 }, 1).kind).toBe("reply");
	});

	it("knows the id of a finished request as late for 40 s", () => {
		const table = new StunTransactions();
		table.begin(plan("x"), 0);
		table.due(0);
		table.finish("x", 100);
		expect(table.judge("x", A, 200)).toEqual({ kind: "late", key: "x" });
		table.begin(plan("y"), 50_000);
		table.finish("y", 50_000);
		expect(table.judge("x", A, 50_000)).toEqual({ kind: "foreign" });
	});

	it("remembers a bounded number of ids", () => {
		const table = new StunTransactions();
		for (let n = 0; n <= 2000; n++) {
			table.begin(plan(`${n}`), 0);
			table.finish(`${n}`, 0);
		}
		expect(table.judge("0", A, 0).kind).toBe("foreign");
		expect(table.judge("1", A, 0).kind).toBe("late");
	});

	it("runs many with schedules of their own", () => {
		const table = new StunTransactions();
		for (let n = 0; n < 100; n++) {
			table.begin(plan(`${n}`, { schedule: { sendAt: [n], giveUpAfter: 1000 + n } }), 0);
		}
		const sent: string[] = [];
		for (let at = table.nextAt(); at !== undefined && at < 1000; at = table.nextAt()) {
			for (const step of table.due(at)) sent.push(`${step.kind} ${step.key} ${at}`);
		}
		expect(sent).toEqual(Array.from({ length: 100 }, (_, n) => `send ${n} ${n}`));
	});
});
