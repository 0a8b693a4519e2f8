import { describe, expect, it } from "vitest";
import { main } from "../src/main.js";
import { fakeIo } from "./support/fake-io.js";

describe("p2pd demo", () => {
	it("finds the external address that two servers agree on, the NAT, the routes, and gets its echo", async () => {
		const io = fakeIo();
		expect(await main(["demo"], io)).toBe(0);
		const { stdout, stderr } = io.written();
		expect(stdout).toMatch(/^external address +127\.0\.0\.1\/32/m);
		expect(stdout).toMatch(/^NAT +IPv4: open internet \(no NAT\) \(type 1\)/m);
		expect(stdout).toMatch(/^routes +\[127\.0\.0\.1\/32\] -> \[127\.0\.0\.1\/32\]/m);
		expect(stdout).toMatch(/^echo +"Test\\r\\n\\r\\n" from 127\.0\.0\.1:\d+/m);
		expect(stderr).toContain("No Internet is used");
		expect(stderr).toContain("public STUN servers");
	});

	it("gives P2PD's dictionary with --json, and no messages with --quiet", async () => {
		const io = fakeIo();
		expect(await main(["demo", "--json", "--quiet"], io)).toBe(0);
		const { stdout, stderr } = io.written();
		const result = JSON.parse(stdout);
		expect(result).toMatchObject({ schema: "p2pd-demo", version: 1, echo: "Test\r\n\r\n" });
		expect(result.nic.rp["4"][0].ext_ips).toEqual([{ ip: "127.0.0.1", cidr: 32, af: 4 }]);
		expect(stderr).toBe("");
	});
});
