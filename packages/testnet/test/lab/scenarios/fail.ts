/** Fails, hangs, or ends its process without a result. */
export async function run(how: "throw" | "hang" | "exit") {
	if (how === "throw")
		throw Object.assign(new RangeError("out of range, as asked"), { code: "ERR_AS_ASKED" });
	if (how === "exit") process.exit(7);
	await new Promise(() => setInterval(() => undefined, 1000));
}
