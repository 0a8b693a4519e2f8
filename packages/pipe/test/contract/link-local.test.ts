import { describe, expect, test } from "vitest";
import { PIPE_CONTRACT } from "../../src/contract/index.js";
import { namespaceLack, runInNamespace } from "../support/namespace.js";

const lack = namespaceLack();

describe("the contract over link-local IPv6 on a veth", () => {
	test.skipIf(lack !== null)("every case, on TCP, UDP and TLS", { timeout: 70_000 }, async () => {
		const results = await runInNamespace(new URL("./link-local-child.ts", import.meta.url));
		expect(results.filter(({ error }) => error !== null)).toEqual([]);
		const expected = ["tcp", "udp", "tls"].flatMap((transport) =>
			PIPE_CONTRACT.filter(
				({ only }) => only === undefined || (only as readonly string[]).includes(transport),
			),
		);
		expect(results).toHaveLength(expected.length);
	});
});
