import { signalUrlProblem } from "@p2pd/peer/protocol";
import { SignalArgumentError } from "../errors.js";

/** A signal server as its URL names it. */
export interface SignalServer {
	/** Without user and password: what may be shown, and told to others in an address. */
	readonly url: string;
	/** `host:port` as the password of our broker names it. */
	readonly hostPort: string;
	/** User and password for servers that are not ours; null where the URL has none. */
	readonly credentials: { readonly username: string; readonly password: string } | null;
}

const PORTS: Readonly<Record<string, number>> = { "mqtt:": 1883, "mqtts:": 8883, "ws:": 80, "wss:": 443 };

/**
 * Reads the URL of a signal server: `mqtt://`, `mqtts://`, `ws://` or `wss://`, with percent-encoded user and password if
 * the server wants its own.
 *
 * @throws SignalArgumentError (`ERR_SIGNAL_ARGUMENT`), which does not quote the URL: it may hold a password
 */
export function parseSignalUrl(text: string): SignalServer {
	if (typeof text !== "string" || !URL.canParse(text)) throw new SignalArgumentError("url", "is not a URL");
	const url = new URL(text);
	const credentials =
		url.username === "" ? null : { username: decoded(url.username), password: decoded(url.password) };
	url.username = "";
	url.password = "";
	const bare = url.pathname === "/" || url.pathname === "" ? `${url.protocol}//${url.host}` : url.href;
	const problem = signalUrlProblem(bare);
	if (problem !== null) throw new SignalArgumentError("url", problem);
	const port = url.port === "" ? PORTS[url.protocol] : url.port;
	return { url: bare, hostPort: `${url.hostname}:${port}`.toLowerCase(), credentials };
}

function decoded(text: string): string {
	try {
		return decodeURIComponent(text);
	} catch {
		throw new SignalArgumentError("url", "has a user or password that is not percent-encoded");
	}
}
