import { readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { requireIp } from "../../ip.js";
import { READY_POLL, READY_TIMEOUT } from "../defaults.js";
import { LabSetupError } from "../errors.js";
import type { LabExit, LabListen, LabProcess } from "../types.js";

/** An address as /proc/net writes it: words of 4 bytes, each in the machine's byte order. */
function procAddress(ip: string): string {
	const { af, value } = requireIp(ip);
	const bytes = Uint8Array.from(Buffer.from(value.toString(16).padStart(af === 4 ? 8 : 32, "0"), "hex"));
	const words = [...new Uint32Array(bytes.buffer)];
	return words.map((word) => word.toString(16).padStart(8, "0").toUpperCase()).join("");
}

/** `local_address` of a socket in /proc/net/{tcp,udp}{,6}. */
export function procEndpoint(ip: string, port: number): string {
	return `${procAddress(ip)}:${port.toString(16).padStart(4, "0").toUpperCase()}`;
}

function isBound(tables: ReadonlyMap<string, string>, listen: LabListen): boolean {
	const { af } = requireIp(listen.ip);
	const any = af === 4 ? "0.0.0.0" : "::";
	const table = tables.get(af === 4 ? listen.proto : `${listen.proto}6`) ?? "";
	return [listen.ip, any].some((ip) => table.includes(`: ${procEndpoint(ip, listen.port)} `));
}

const TABLES = ["udp", "udp6", "tcp", "tcp6"] as const;

/** Which of a server's sockets are not bound yet, by the socket tables of the namespace that `pid` lives in. */
async function missing(pid: number, listens: readonly LabListen[]): Promise<LabListen[]> {
	const texts = await Promise.all(TABLES.map((table) => readFile(`/proc/${pid}/net/${table}`, "utf8")));
	const tables = new Map(TABLES.map((table, i) => [table as string, texts[i] ?? ""]));
	return listens.filter((listen) => !isBound(tables, listen));
}

/** @throws LabSetupError `ERR_LAB_SETUP` if another process has one of the sockets already. */
export async function checkFree(what: string, listens: readonly LabListen[], pid: number): Promise<void> {
	const free = await missing(pid, listens);
	const taken = listens.find((listen) => !free.includes(listen));
	if (taken) throw new LabSetupError(`${what}: ${taken.proto} ${taken.ip} ${taken.port} is taken`, "");
}

/**
 * Waits until a server has bound all of its sockets.
 * @throws LabSetupError `ERR_LAB_SETUP` with its output, if it ends before that or takes too long.
 */
export async function untilReady(
	server: LabProcess,
	what: string,
	listens: readonly LabListen[],
	pid: number,
): Promise<void> {
	const state: { exit: LabExit | null } = { exit: null };
	void server.exited.then((exit) => {
		state.exit = exit;
	});
	const text = (): string => {
		const { stdout, stderr } = server.output();
		return `${stdout}${stderr}`.trim();
	};
	for (let left = READY_TIMEOUT; left > 0; left -= READY_POLL) {
		if (state.exit !== null) throw new LabSetupError(`${what} ended (code ${state.exit.code})`, text());
		const unbound = await missing(pid, listens);
		if (unbound.length === 0) return;
		await delay(READY_POLL);
	}
	const unbound = (await missing(pid, listens)).map(({ proto, ip, port }) => `${proto} ${ip} ${port}`);
	throw new LabSetupError(`${what} has not bound ${unbound.join(", ")} after ${READY_TIMEOUT} ms`, text());
}
