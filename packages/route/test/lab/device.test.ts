import { buildLab, describeLab, type Lab, type LabProcess, labAvailability } from "@p2pd/testnet/lab";
import { afterAll, beforeAll, expect, it } from "vitest";
import { dualHomed, LAN0, LAN1 } from "./dual-homed.js";
import type { run, TalkInput } from "./scenarios/talk.js";

const TALK = new URL("./scenarios/talk.ts", import.meta.url);
type Talked = Awaited<ReturnType<typeof run>>;

describeLab("sockets of a NIC that is not the default one", () => {
	let lab: Lab;
	/** What is captured: at the client on both NICs, and at the echo server. */
	const captures = new Map<string, LabProcess>();
	let nextPort = 41_000;

	beforeAll(async () => {
		lab = await buildLab(dualHomed());
		for (const [name, host, nic] of [
			["lan0", "client", "lan0"],
			["lan1", "client", "lan1"],
			["echo", "echo", "any"],
		] as const) {
			const capture = lab.spawn(host, "tcpdump", ["-Z", "root", "-i", nic, "-nn", "-l", "--immediate-mode", "tcp or udp"]);
			captures.set(name, capture);
			await said(() => capture.output().stderr.includes("listening on"));
		}
	});
	afterAll(() => lab?.close());

	const talk = (input: TalkInput): Promise<Talked> => lab.run<Talked>("client", TALK, input);
	const echo = (af: 4 | 6) => ({ ip: lab.service("echo", af).ip, port: 80 });
	const lan1 = (af: 4 | 6) => ({ name: "lan1", isDefault: false, ip: LAN1[af] });

	/** The lines of a capture that have the port, once another packet was seen there that was sent after them. */
	async function captured(name: "lan0" | "lan1" | "echo", port: number): Promise<string[]> {
		const sentinel = nextPort++;
		const onLan1 = name === "lan1" ? { nic: lan1(4), bind: { strict: true } } : { nic: null };
		await talk({ af: 4, ...onLan1, proto: "udp", to: echo(4), localPort: sentinel });
		const lines = (): string[] => captures.get(name)?.output().stdout.split("\n") ?? [];
		await said(() => lines().some((line) => line.includes(`.${sentinel} `)));
		return lines().filter((line) => line.includes(`.${port} `) || line.includes(`.${port}:`));
	}

	const users = labAvailability().ok && process.getuid?.() === 0 ? [undefined, 65_534] : [undefined];
	const cases = users.flatMap((uid) =>
		([4, 6] as const).flatMap((af) => (["tcp", "udp"] as const).map((proto) => ({ uid, af, proto }))),
	);

	it.each(cases)("leave by lan1 as uid $uid, IPv$af, $proto", async ({ uid, af, proto }) => {
		const localPort = nextPort++;
		const who = uid === undefined ? {} : { uid };
		const talked = await talk({ af, nic: lan1(af), proto, to: echo(af), localPort, ...who });
		expect(talked).toMatchObject({ answer: "hello", source: LAN1[af], deviceBinding: "device" });
		expect(talked.uid).toBe(uid ?? 0);
		expect(await captured("lan0", localPort)).toEqual([]);
		const there = await captured("lan1", localPort);
		expect(there.some((line) => line.includes(`${LAN1[af]}.${localPort} > `))).toBe(true);
		expect(there.some((line) => line.includes(`> ${LAN1[af]}.${localPort}`))).toBe(true);
		// The routers keep ports, so that the echo server sees the second router's address with this one.
		const outside = (await captured("echo", localPort)).join("\n");
		expect(outside).toContain(`${af === 4 ? "85.214.10.20" : LAN1[6]}.${localPort}`);
	});

	it("would leave by lan0 with the same source address and no device", async () => {
		const localPort = nextPort++;
		const untied = { af: 4, nic: { ...lan1(4), isDefault: true }, proto: "udp", to: echo(4), localPort } as const;
		const talked = await talk({ ...untied, timeout: 1000 }).then(
			() => "answered",
			() => "lost",
		);
		expect(talked).toBe("lost");
		expect((await captured("lan0", localPort)).join("\n")).toContain(`${LAN1[4]}.${localPort} > `);
		expect(await captured("lan1", localPort)).toEqual([]);
	});

	it("are left alone on the default NIC, and tied to it in strict mode", async () => {
		const nic = { name: "lan0", isDefault: true, ip: LAN0[4] };
		const free = await talk({ af: 4, nic, proto: "tcp", to: echo(4), localPort: 0 });
		expect(free).toMatchObject({ answer: "hello", source: LAN0[4], deviceBinding: "source-address" });
		const tied = await talk({ af: 4, nic, bind: { strict: true }, proto: "tcp", to: echo(4), localPort: 0 });
		expect(tied).toMatchObject({ answer: "hello", source: LAN0[4], deviceBinding: "device" });
	});
});

/** Waits for something that another process does; the test's own time limit bounds it. */
async function said(condition: () => boolean): Promise<void> {
	while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10));
}
