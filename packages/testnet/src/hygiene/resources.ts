/** The kinds of libuv resources, by Node's own names, that a test file must give back. */
const WATCHED: ReadonlySet<string> = new Set([
	"TCPSocketWrap",
	"TCPServerWrap",
	"UDPWrap",
	"PipeServerWrap",
	"TLSWrap",
	"ProcessWrap",
	"Timeout",
	"Immediate",
	"FSEventWrap",
	"GetAddrInfoReqWrap",
	"ConnectWrap",
	"TCPConnectWrap",
	"UDPSendWrap",
	"QueryReqWrap",
]);

/** How many of each watched kind keep the process alive now, by kind. */
export function openResources(): ReadonlyMap<string, number> {
	const counts = new Map<string, number>();
	for (const kind of process.getActiveResourcesInfo()) {
		if (WATCHED.has(kind)) counts.set(kind, (counts.get(kind) ?? 0) + 1);
	}
	return counts;
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/**
 * What is open now and was not open `before`, as `kind xN` lines. A close that the kernel has yet to confirm
 * takes some turns of the event loop, so it is given up to `turns` of them.
 */
export async function leakedSince(before: ReadonlyMap<string, number>, turns = 50): Promise<string[]> {
	for (let left = turns; ; left--) {
		const leaked = [...openResources()]
			.map(([kind, count]) => [kind, count - (before.get(kind) ?? 0)] as const)
			.filter(([kind, extra]) => extra > 0 && kind !== "Immediate");
		if (leaked.length === 0 || left === 0) return leaked.map(([kind, extra]) => `${kind} x${extra}`);
		await turn();
	}
}
