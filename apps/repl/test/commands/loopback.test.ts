import { Interface } from "@p2pd/core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type LoopbackServers, loopbackNic, startLoopbackServers } from "../../src/demo/loopback-servers.js";
import { run } from "../support/run-command.js";
import { checked } from "../support/schema.js";

/** Nobody listens there. */
const DEAD = "127.0.0.1:1";
const nic = loopbackNic();

let servers: LoopbackServers;
let stun: string;
beforeAll(async () => {
	servers = await startLoopbackServers();
	stun = servers.stun.join(",");
});
afterAll(() => servers.close());

describe("p2pd list", () => {
	it("shows every NIC as a table", async () => {
		const { code, stdout } = await run(["list"]);
		expect(code).toBe(0);
		expect(stdout).toMatch(/^NAME +KIND +STATE/);
		expect(stdout).toContain("127.0.0.1/8");
	});

	it("gives JSON by its schema, of one NIC and one family", async () => {
		const { stdout } = await run(["list", "--json", "--nic", nic, "--family", "4"]);
		expect(checked("list", stdout)["nics"]).toHaveLength(1);
		checked("list", (await run(["list", "--json"])).stdout);
	});

	it("gives names alone", async () => {
		const { stdout } = await run(["list", "--names"]);
		expect(stdout.trimEnd().split("\n")).toEqual(Interface.list());
	});
});

describe("p2pd show", () => {
	it("gives the name and version of its schema, and exactly Interface.toJSON()", async () => {
		const { code, stdout } = await run(["show", nic, "--json", "--stun", stun]);
		expect(code).toBe(0);
		checked("show", stdout);
		const own = await new Interface(nic, { stunServers: servers.stun }).start();
		await own.loadNat();
		const wanted = { schema: "p2pd-show", version: 1, ...own.toJSON() };
		expect(stdout).toBe(`${JSON.stringify(wanted, null, 2)}\n`);
		own.close();
	});

	it("takes servers repeated, by commas and from the environment, and --no-nat", async () => {
		const [first = "", second = ""] = servers.stun;
		const env = { P2PD_STUN_SERVERS: stun };
		for (const given of [
			["--stun", first, "--stun", second],
			["--stun", `${first}, ${second}`],
		]) {
			const { code, stdout } = await run(["show", nic, "--no-nat", ...given], { env });
			expect(code).toBe(0);
			expect(stdout).toMatch(/^external address +127\.0\.0\.1\/32 \(not a public address\)$/m);
			expect(stdout).toMatch(/^NAT +IPv4: not asked/m);
		}
	});

	it("takes the NIC by --nic too, and one family", async () => {
		const { stdout } = await run(["show", "--nic", nic, "--family", "4", "--no-nat", "--stun", stun]);
		expect(stdout).not.toContain("IPv6");
	});

	it("with dead servers: what is known, why not more, and exit code 1", async () => {
		const { code, stdout } = await run(["show", nic, "--no-nat", "--stun", DEAD, "--timeout", "3000"]);
		expect(code).toBe(1);
		expect(stdout).toMatch(/^addresses +127\.0\.0\.1\/8/m);
		expect(stdout).toMatch(/^external address +none: IPv4: .+/m);
	});
});

describe("p2pd routes", () => {
	it("shows NIC and external addresses, as text and as JSON", async () => {
		const text = await run(["routes", nic, "--stun", stun, "--family", "4"]);
		expect(text.code).toBe(0);
		expect(text.stdout).toMatch(/^IPv4$[\s\S]*^ +\[127\.0\.0\.1\/32\] -> \[127\.0\.0\.1\/32\]$/m);
		const { stdout } = await run(["routes", nic, "--stun", stun, "--json"]);
		expect(checked("routes", stdout)["nic"]).toBe(nic);
	});

	it("with dead servers: exit code 1, and why", async () => {
		const { code, stderr } = await run(["routes", nic, "--stun", DEAD, "--timeout", "3000"]);
		expect(code).toBe(1);
		expect(stderr).toMatch(/^IPv4: /m);
	});
});

describe("p2pd nat", () => {
	it("gives a verdict in RFC 4787's terms", async () => {
		const { code, stdout } = await run(["nat", nic, "--stun", stun]);
		expect(code).toBe(0);
		expect(stdout).toMatch(/^type +open internet \(no NAT\) \(type 1\)/m);
		expect(stdout).toMatch(/^mapping +none$/m);
		expect(stdout).toMatch(/^filtering +endpoint-independent$/m);
	});

	it("gives JSON by its schema", async () => {
		checked("nat", (await run(["nat", nic, "--stun", stun, "--json"])).stdout);
	});
});

describe("p2pd stun", () => {
	it.each(["udp", "tcp"])("asks one server over %s", async (transport) => {
		const [server = ""] = servers.stun;
		const { code, stdout, stderr } = await run(["stun", server, "--transport", transport]);
		if (transport === "tcp") {
			// The demonstration's servers speak UDP alone.
			expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
			expect(stderr).toContain("ECONNREFUSED");
			return;
		}
		expect(code).toBe(0);
		expect(stdout).toMatch(/^mapped +127\.0\.0\.1 port \d+$/m);
		expect(stdout).toMatch(/^second address +127\.0\.0\.2 port \d+$/m);
	});

	it("gives JSON by its schema, through a NIC", async () => {
		const [server = ""] = servers.stun;
		const { stdout } = await run(["stun", server, "--json", "--nic", nic]);
		checked("stun", stdout);
	});

	it("with a dead server: one line, at once, and exit code 1", async () => {
		const { code, stdout, stderr } = await run(["stun", DEAD]);
		expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
		expect(stderr).toMatch(/error: 127\.0\.0\.1:1 gave no answer over UDP/);
		expect(stderr).not.toContain("    at ");
	});
});

describe("p2pd resolve", () => {
	it("an address, as text and as JSON", async () => {
		expect((await run(["resolve", "127.0.0.1:80"])).stdout).toMatch(/^IPv4 +127\.0\.0\.1 +loopback$/m);
		checked("resolve", (await run(["resolve", "[::1]:80", "--json"])).stdout);
	});

	it("a dead DNS server: one line and exit code 1", async () => {
		const given = ["resolve", "a.example", "--dns", "127.0.0.1:1", "--timeout", "2000"];
		const { code, stdout, stderr } = await run(given);
		expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
		expect(stderr).toMatch(/^error: .*a\.example/);
	});
});

describe("p2pd pipe", () => {
	it("sends stdin to a TCP peer and writes what comes back", async () => {
		const { ip, port } = servers.echo;
		const { code, stdout, stderr } = await run(["pipe", "tcp", `${ip}:${port}`], { stdin: "hello" });
		expect({ code, stdout }).toEqual({ code: 0, stdout: "hello" });
		expect(stderr).toMatch(/^tcp 127\.0\.0\.1:\d+ -> 127\.0\.0\.1:\d+$/m);
	});

	it("through a NIC that was named", async () => {
		const { ip, port } = servers.echo;
		const { stdout } = await run(["pipe", "tcp", `${ip}:${port}`, "--nic", nic, "-q"], { stdin: "hi" });
		expect(stdout).toBe("hi");
	});

	it("nobody listens: one line and exit code 1", async () => {
		const { code, stderr } = await run(["pipe", "tcp", DEAD]);
		expect(code).toBe(1);
		expect(stderr).toMatch(/^error: .*ECONNREFUSED/);
	});
});

describe("p2pd doctor", () => {
	it("finds loopback in order with servers that answer, and gives JSON by its schema", async () => {
		const { code, stdout } = await run(["doctor", "--nic", nic, "--family", "4", "--stun", stun, "--json"]);
		const result = checked("doctor", stdout);
		expect(code).toBe(result["result"] === "fault" ? 1 : 0);
		const findings = result["findings"] as { id: string; status: string }[];
		const status = (id: string): string | undefined => findings.find((one) => one.id === id)?.status;
		expect(["link", "address.4", "stun.udp.4", "stun.tcp.4", "nat.4"].map(status)).toEqual(
			Array(5).fill("ok"),
		);
		expect(["dns.system.4", "default-route.4"].map(status)).toEqual(["not-checked", "not-checked"]);
		// Loopback is no public address.
		expect(status("external.4")).toBe("warning");
	});

	it("with dead servers: faults, with evidence and advice, and exit code 1", async () => {
		const { code, stdout } = await run([
			"doctor",
			"--nic",
			nic,
			"--family",
			"4",
			"--stun",
			DEAD,
			"-t",
			"1500",
		]);
		expect(code).toBe(1);
		expect(stdout).toMatch(/^fault +stun\.udp\.4 +STUN over UDP and IPv4: the servers' hosts answer/m);
		expect(stdout).toContain("-> check the servers' ports");
		expect(stdout).toMatch(/^2 faults/m);
	});
});

describe("p2pd demo", () => {
	it("gives JSON by its schema", async () => {
		checked("demo", (await run(["demo", "--json"])).stdout);
	});
});
