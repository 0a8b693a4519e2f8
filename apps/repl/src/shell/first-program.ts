/**
 * The first program, as the documentation prints it. It runs as it stands: in the shell line by line or pasted whole, from
 * a file, and with `p2pd -e`. In the shell and in scripts the names of `@p2pd/core` are preloaded.
 */
export const FIRST_PROGRAM = `const netifaces = await initP2pd();                 // what the OS knows of its NICs
const nic = await new Interface().start();          // default NIC: addresses, external addresses, routes
await nic.loadNat();                                // NAT type and port delta (5 and 6 are assumed before)
console.log(nic);                                   // all of that as a dictionary
Interface.list();                                   // every NIC name
const nics = await loadInterfaces({ netifaces });   // the usable ones, started
const af = nic.supported()[0];
const route = await nic.route(af).bind();
const dest = await new Address("example.com", 80).res(route);
const pipe = await pipeOpen(route, TCP, dest);
pipe.subscribe();                                   // everything; or pipe.subscribe(/^HTTP/), or [regex, [ip, port]]
await pipe.send(Buffer.from("Test\\r\\n\\r\\n"));
const out = await pipe.recv({ timeout: 3000 });
await pipe.close();
`;

/** The steps of the walk-through: the first program, a line a step, and a look at what came back. */
export const STEPS: readonly string[] = [...FIRST_PROGRAM.trimEnd().split("\n"), "String(out)"];

/** Keeps the place in the walk-through. Pure. */
export class Walkthrough {
	#next = 0;

	/** The steps as a numbered list, the next one marked. */
	list(): string {
		return STEPS.map((step, index) => {
			const mark = index === this.#next ? ">" : " ";
			return `${mark} ${String(index + 1).padStart(2)}  ${step}`;
		}).join("\n");
	}

	/**
	 * Takes a step.
	 *
	 * @param wanted its number from 1, or `next` or nothing for the one that is due
	 * @returns the code, or undefined where there is no such step
	 */
	take(wanted: string): string | undefined {
		const index = wanted === "next" ? this.#next : Number(wanted) - 1;
		const step = STEPS[index];
		if (step !== undefined) this.#next = index + 1;
		return step;
	}
}
