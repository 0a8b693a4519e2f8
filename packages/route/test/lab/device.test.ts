import {
	buildLab,
	describeLab,
	type Lab,
	type LabProcess,
	labAvailability,
	SECOND_IP4,
} from "@p2pd/testnet/lab";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { dualHomed, LAN0, LAN1 } from "./dual-homed.js";
import type { run, Talk, Talked } from "./scenarios/talk.js";

const TALK = new URL("./scenarios/talk.ts", import.meta.url);
const NOBODY = 65_534;

/** Where packets are captured: at the client on both NICs, and at the echo server beyond the routers. */
const CAPTURES = [
	["lan0", "client", "lan0"],
	["lan1", "client", "lan1"],
	["echo", "echo", "any"],
] as const;
type Place = (typeof CAPTURES)[number][0];

// Namespaces, servers and child processes take their time on a busy machine.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

describeLab("sockets of a NIC that is not the default one", () => {
	let lab: Lab;
	const captures = new Map<Place, LabProcess>();
	let port = 41_000;

	beforeAll(async () => {
		lab = await buildLab(dualHomed());
		for (const [name, host, nic] of CAPTURES) {
			const args = ["-Z", "root", "-i", nic, "-nn", "-l", "--immediate-mode", "tcp or udp"];
			const capture = lab.spawn(host, "tcpdump", args);
			captures.set(name, capture);
			await until(() => capture.output().stderr.includes("listening on"));
		}
		// The first packets on a new link may be lost while neighbours are found: talk until all captures show it.
		const warmUp = ([4, 6] as const).flatMap((af): Talk[] =>
			[null, lan1(af)].map((nic) => ({
				af,
				nic,
				proto: "udp",
				to: echo(af),
				localPort: port++,
				timeout: 500,
			})),
		);
		const seen = (place: Place, talk: Talk | undefined): boolean =>
			captures.get(place)?.output().stdout.includes(`.${talk?.localPort} > `) === true;
		await until(async () => {
			await lab.run("client", TALK, { talks: warmUp });
			return warmUp.every((talk, i) => seen(i % 2 === 0 ? "lan0" : "lan1", talk));
		});
	});
	afterAll(() => lab?.close());

	const echo = (af: 4 | 6) => ({ ip: lab.service("echo", af).ip, port: 80 });
	const lan1 = (af: 4 | 6) => ({ name: "lan1", isDefault: false, ip: LAN1[af] });

	/**
	 * Has talks, and gives what came of them with the captured lines of each. Talks of the kernel's own and of a
	 * strict route come last: once their packets are seen, a packet that was not captured before was not there.
	 */
	async function have(talks: readonly Talk[], uid?: number) {
		const last: Talk[] = [
			{ af: 4, nic: null, proto: "udp", to: echo(4), localPort: port++ },
			{ af: 6, nic: lan1(6), bind: { strict: true }, proto: "udp", to: echo(6), localPort: port++ },
		];
		const input = { talks: [...talks, ...last], ...(uid === undefined ? {} : { uid }) };
		const result = await lab.run<Awaited<ReturnType<typeof run>>>("client", TALK, input);
		expect(result.uid).toBe(uid ?? 0);
		const lines = (place: Place, localPort: number): string[] =>
			(captures.get(place)?.output().stdout ?? "")
				.split("\n")
				.filter((line) => line.includes(`.${localPort} >`) || line.includes(`.${localPort}:`));
		const [onLan0, onLan1] = [last[0]?.localPort ?? 0, last[1]?.localPort ?? 0];
		await until(
			() =>
				lines("lan0", onLan0).length > 0 &&
				lines("lan1", onLan1).length > 0 &&
				lines("echo", onLan1).length > 0,
		);
		return talks.map((talk, index) => ({
			talk,
			talked: result.talked[index] as Talked,
			lan0: () => lines("lan0", talk.localPort),
			lan1: () => lines("lan1", talk.localPort),
			echo: () => lines("echo", talk.localPort),
		}));
	}

	const onLan1 = (): Talk[] =>
		([4, 6] as const).flatMap((af) =>
			(["tcp", "udp"] as const).flatMap((proto) =>
				[false, true].map((strict) => ({
					af,
					nic: lan1(af),
					bind: { strict },
					proto,
					to: echo(af),
					localPort: port++,
				})),
			),
		);

	// In a user namespace there is nobody but its root.
	const users = labPrivileges() === "root" ? [undefined, NOBODY] : [undefined];

	it.each(users.map((uid) => [uid === undefined ? "root" : "an ordinary user", uid] as const))(
		"leave by it, over TCP and UDP, in both families, as %s",
		async (_who, uid) => {
			const outcomes = await have(onLan1(), uid);
			expect(outcomes).toHaveLength(8);
			for (const { talk, talked, lan0, lan1: there } of outcomes) {
				const [ip, name] = [LAN1[talk.af], `${LAN1[talk.af]}.${talk.localPort}`];
				expect(talked).toEqual({ answer: "hello", source: ip, deviceBinding: "device" });
				expect(lan0()).toEqual([]);
				const saying = (text: string) => expect.arrayContaining([expect.stringContaining(text)]);
				await vi.waitFor(() => expect(there()).toEqual(saying(`${name} > `)));
				await vi.waitFor(() => expect(there()).toEqual(saying(`> ${name}:`)));
				// Behind NAT a port may be another one outside; IPv6 is not translated.
				const seenAs = talk.af === 4 ? `${SECOND_IP4}.` : name;
				const beyond = () => captures.get("echo")?.output().stdout.split("\n") ?? [];
				await vi.waitFor(() => expect(beyond()).toEqual(saying(` ${seenAs}`)));
			}
		},
	);

	it("would leave by the default NIC with the same source address and no device", async () => {
		const untied = { af: 4, nic: { ...lan1(4), isDefault: true }, proto: "udp", to: echo(4) } as const;
		const [outcome] = await have([{ ...untied, localPort: port++, timeout: 500 }]);
		expect(outcome?.talked).toMatchObject({ error: "ABORT_ERR" });
		expect(outcome?.lan0()).not.toEqual([]);
		expect(outcome?.lan1()).toEqual([]);
	});

	it("are not tied to the default NIC, unless strict", async () => {
		const nic = { name: "lan0", isDefault: true, ip: LAN0[4] };
		const talk = { af: 4, nic, proto: "tcp", to: echo(4) } as const;
		const [free, tied] = await have([
			{ ...talk, localPort: 0 },
			{ ...talk, bind: { strict: true }, localPort: 0 },
		]);
		expect(free?.talked).toEqual({ answer: "hello", source: LAN0[4], deviceBinding: "source-address" });
		expect(tied?.talked).toEqual({ answer: "hello", source: LAN0[4], deviceBinding: "device" });
	});

	it("refuse a loopback destination in strict mode, and reach it from no device otherwise", async () => {
		const server = lab.spawn("client", "socat", ["TCP4-LISTEN:7777,bind=127.0.0.1,fork", "PIPE"]);
		const talk = {
			af: 4,
			nic: lan1(4),
			proto: "tcp",
			to: { ip: "127.0.0.1", port: 7777 },
			localPort: 0,
		} as const;
		await until(async () => {
			const listening = await lab.exec("client", "ss", ["-ltnH", "sport = :7777"]);
			return listening.stdout.includes("7777");
		});
		const [free, strict] = await have([talk, { ...talk, bind: { strict: true } }]);
		expect(free?.talked).toEqual({ answer: "hello", source: "127.0.0.1", deviceBinding: "device" });
		expect(strict?.talked).toMatchObject({ error: "ERR_ROUTE_DEVICE_BINDING" });
		await server.stop();
	});

	it("refuse a NIC that does not exist, in strict mode, and say what they did otherwise", async () => {
		const nic = { name: "lan9", isDefault: false, ip: LAN0[4] };
		const talk = { af: 4, nic, proto: "tcp", to: echo(4), localPort: 0 } as const;
		const [free, strict] = await have([talk, { ...talk, bind: { strict: true } }]);
		expect(free?.talked).toEqual({ answer: "hello", source: LAN0[4], deviceBinding: "source-address" });
		expect(strict?.talked).toMatchObject({ error: "ERR_ROUTE_DEVICE_BINDING" });
	});

	it("reach a link-local address on their own link, which both links have", async () => {
		const to = { ip: "fe80::1", port: 9 };
		const talk = (ip: string): Talk => ({
			af: 6,
			nic: lan1(6),
			proto: "tcp",
			to: { ...to, ip },
			localPort: port++,
		});
		const [bare, zoned, other] = await have([talk("fe80::1"), talk("fe80::1%lan1"), talk("fe80::1%lan0")]);
		for (const outcome of [bare, zoned]) {
			expect(outcome?.talked).toMatchObject({ error: "ERR_ROUTE_SOCKET", errno: "ECONNREFUSED" });
			expect(outcome?.lan0()).toEqual([]);
			expect(outcome?.lan1().join("\n")).toMatch(/IP6 fe80::\S+ > fe80::1\.9:/);
		}
		expect(other?.talked).toMatchObject({ error: "ERR_ROUTE_ZONE" });
	});

	it("send with the time to live that they are given", async () => {
		const talks = ([4, 6] as const).flatMap((af) =>
			(["tcp", "udp"] as const).flatMap((proto) =>
				[1, 9].map(
					(ttl): Talk => ({ af, nic: lan1(af), proto, to: echo(af), localPort: port++, ttl, timeout: 500 }),
				),
			),
		);
		for (const { talk, talked, lan1: there, echo: outside } of await have(talks)) {
			expect(there()).not.toEqual([]);
			// A packet that may live for one hop ends at the router.
			if (talk.af === 6) expect(outside().length > 0).toBe(talk.ttl === 9);
			expect("answer" in talked).toBe(talk.ttl === 9);
		}
	});

	it("can have every address of the machine, and leave by it all the same", async () => {
		const talks = ([4, 6] as const).map(
			(af): Talk => ({
				af,
				nic: lan1(af),
				bind: { ips: "*" },
				proto: "tcp",
				to: echo(af),
				localPort: port++,
			}),
		);
		for (const { talk, talked, lan0 } of await have(talks)) {
			expect(talked).toEqual({ answer: "hello", source: LAN1[talk.af], deviceBinding: "device" });
			expect(lan0()).toEqual([]);
		}
	});

	it("accept connections that come in by the NIC, and no others", async () => {
		const input = { nic: "lan1", ip: LAN1[4], port: 7070, count: 1 };
		const listening = lab.run<string[]>(
			"client",
			new URL("./scenarios/listen-and-hear.ts", import.meta.url),
			input,
		);
		await until(async () =>
			(await lab.exec("client", "ss", ["-ltnH", "sport = :7070"])).stdout.includes("7070"),
		);
		const connect = (host: string, ...from: string[]) =>
			lab.exec(host, "socat", ["-T2", "-", `TCP4:${LAN1[4]}:7070,connect-timeout=2`, ...from]);
		// The first router has a way to that address too, by lan0: the server must not answer there.
		await lab.exec("router0", "ip", ["route", "add", `${LAN1[4]}/32`, "via", LAN0[4]]);
		expect((await connect("router0")).stderr).toContain("refused");
		expect((await connect("router1")).code).toBe(0);
		expect(await listening).toEqual(["192.168.2.1"]);
	});
});

describeLab("a NIC that gets nowhere", () => {
	it.each([
		["no-gateway", { defaultRoute: false }],
		["rp-filter", { rpFilter: 1 }],
	] as const)("is reported and not waited for: %s", async (problem, second) => {
		const lab = await buildLab(dualHomed(second));
		try {
			const to = { ip: lab.service("echo", 4).ip, port: 80 };
			const nic = { name: "lan1", isDefault: false, ip: LAN1[4] };
			const talks = (["tcp", "udp"] as const).map(
				(proto) => ({ af: 4, nic, proto, to, localPort: 0 }) as const,
			);
			const { talked } = await lab.run<Awaited<ReturnType<typeof run>>>("client", TALK, { talks });
			const refused = { error: "ERR_ROUTE_UNREACHABLE", problem };
			expect(talked).toMatchObject([refused, refused]);
		} finally {
			await lab.close();
		}
	});

	it("is reached all the same where rp_filter is loose", async () => {
		const lab = await buildLab(dualHomed({ rpFilter: 2 }));
		try {
			const to = { ip: lab.service("echo", 4).ip, port: 80 };
			const nic = { name: "lan1", isDefault: false, ip: LAN1[4] };
			const input = { talks: [{ af: 4, nic, proto: "tcp", to, localPort: 0 }] };
			const { talked } = await lab.run<Awaited<ReturnType<typeof run>>>("client", TALK, input);
			expect(talked).toEqual([{ answer: "hello", source: LAN1[4], deviceBinding: "device" }]);
		} finally {
			await lab.close();
		}
	});
});

function labPrivileges(): string {
	const availability = labAvailability();
	return availability.ok ? availability.privileges : "none";
}

/** Waits for something that another process does; the test's own time limit bounds it. */
async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
	while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 10));
}
