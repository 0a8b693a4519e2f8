import { afterAll, beforeAll, expect, it } from "vitest";
import { buildLab, describeLab, homeRouter, type Lab } from "../../src/lab/index.js";

const scenario = (name: string): URL => new URL(`./scenarios/${name}.ts`, import.meta.url);

describeLab("a laboratory behind a home router", () => {
	let lab: Lab;
	beforeAll(async () => {
		lab = await buildLab(homeRouter());
	});
	afterAll(() => lab.close());

	it("runs a scenario inside, with its input and its result as JSON", async () => {
		const echo = lab.service("echo");
		expect(
			await lab.run("client", scenario("ask-echo"), {
				name: "example.com",
				port: echo.port,
				line: "Test\r\n\r\n",
			}),
		).toEqual({ ip: echo.ip, local: "192.168.1.20", text: "Test\r\n\r\n" });
	});

	it("passes a scenario's error on", async () => {
		await expect(lab.run("client", scenario("fail"), "throw")).rejects.toMatchObject({
			code: "ERR_LAB_RUN",
			message: expect.stringContaining("out of range, as asked"),
			childError: { name: "RangeError", code: "ERR_AS_ASKED" },
		});
		await expect(lab.run("client", scenario("fail"), "exit")).rejects.toMatchObject({
			code: "ERR_LAB_RUN",
			childError: null,
			exit: { code: 7 },
		});
	});

	it("ends a scenario that hangs", async () => {
		await expect(lab.run("client", scenario("fail"), "hang", { timeout: 1500 })).rejects.toMatchObject({
			code: "ERR_LAB_TIMEOUT",
			timeout: 1500,
		});
	});
});
