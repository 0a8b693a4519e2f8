import { resolveHost } from "@p2pd/address";
import { is, isFamily, objectProblem, type SocketFactory, systemClock, systemRandom } from "@p2pd/net";
import { KEEP_ALIVE, OPEN_TIMEOUT, TURN_PORT, TURNS_PORT } from "./defaults.js";
import { TurnOptionError } from "./errors.js";
import { CREDENTIALS, type TurnSetup } from "./relay/setup.js";
import type { TurnDeps, TurnRouteOptions, TurnServer, TurnTransport } from "./types.js";

const SOCKETS = is.a("a socket factory with udp() and connect()", (value) => {
	if (typeof value !== "object" || value === null) return false;
	const { af, udp, connect } = value as Partial<SocketFactory>;
	return isFamily(af) && typeof udp === "function" && typeof connect === "function";
});

const FIELDS = {
	server: is.either(
		"a host, a turn: URI or { host, port }",
		is.filledText,
		is.shape({ host: is.filledText, port: is.remotePort }, { required: ["host"] }),
	),
	transport: is.oneOf("udp", "tcp", "tls"),
	credentials: is.either("{ username, password } or a function that gives them", is.function, CREDENTIALS),
	sockets: SOCKETS,
	first: is.oneOf("udp", "tcp"),
	tls: is.shape({ ca: is.anything, servername: is.filledText }),
	family: is.family,
	bothFamilies: is.boolean,
	evenPort: is.oneOf(true, false, "pair"),
	reservationToken: is.a("8 bytes", (value) => value instanceof Uint8Array && value.length === 8),
	dontFragment: is.boolean,
	keepAlive: is.timeout,
	timeout: is.timeout,
	signal: is.signal,
} as const;

const DEPS = { clock: is.object, random: is.function, resolve: is.function } as const;

/**
 * Checks what a route is told, and fills in defaults.
 *
 * @throws {TurnOptionError} ERR_TURN_OPTION, which names the argument
 */
export function checkSetup(options: TurnRouteOptions, deps: TurnDeps): TurnSetup {
	const problem =
		objectProblem(options, "options", FIELDS, {
			required: ["server", "credentials", "sockets"],
			renamed: { af: "family", username: "credentials", host: "server" },
		}) ?? objectProblem(deps, "deps", DEPS);
	if (problem !== null) throw new TurnOptionError(problem.path, problem.message);
	const { sockets, evenPort = false, bothFamilies = false, reservationToken, first = "udp" } = options;
	const server = readServer(options.server);
	if (reservationToken !== undefined && evenPort !== false) {
		throw new TurnOptionError("options.evenPort", "excludes reservationToken, which names a port already");
	}
	if (bothFamilies && (evenPort === "pair" || reservationToken !== undefined)) {
		throw new TurnOptionError("options.bothFamilies", "excludes a pair of ports and reservationToken");
	}
	if (first === "tcp" && (bothFamilies || evenPort !== false || reservationToken !== undefined)) {
		throw new TurnOptionError(
			"options.first",
			"excludes bothFamilies, evenPort and reservationToken (RFC 6062)",
		);
	}
	const transport = options.transport ?? server.transport ?? "udp";
	return {
		host: server.host,
		port: server.port ?? (transport === "tls" ? TURNS_PORT : TURN_PORT),
		transport,
		credentials: options.credentials,
		sockets,
		tls: options.tls ?? {},
		first,
		family: options.family ?? sockets.af,
		bothFamilies,
		evenPort,
		reservationToken: reservationToken ?? null,
		dontFragment: options.dontFragment ?? false,
		keepAlive: options.keepAlive ?? KEEP_ALIVE,
		timeout: options.timeout ?? OPEN_TIMEOUT,
		clock: deps.clock ?? systemClock,
		random: deps.random ?? systemRandom,
		resolve: deps.resolve ?? resolveHost,
	};
}

interface ReadServer {
	readonly host: string;
	readonly port: number | undefined;
	readonly transport: TurnTransport | undefined;
}

/** RFC 7065: `turn:host[:port][?transport=udp|tcp]`, `turns:` for TLS; or only host and port. */
const SERVER =
	/^(?:(?<scheme>turns?):)?(?:\[(?<v6>[0-9a-f:.]+)\]|(?<host>[^:[\]?/@\s]+))(?::(?<port>\d{1,5}))?(?:\?transport=(?<transport>udp|tcp))?$/i;

function readServer(server: string | TurnServer): ReadServer {
	if (typeof server !== "string") return { host: server.host, port: server.port, transport: undefined };
	const text = server.trim();
	const fields = SERVER.exec(text)?.groups ?? plainV6(text);
	const port = fields?.["port"] === undefined ? undefined : Number(fields["port"]);
	const host = fields?.["v6"] ?? fields?.["host"];
	if (host === undefined || (port !== undefined && (port < 1 || port > 65_535))) {
		throw new TurnOptionError(
			"options.server",
			`must be host, host:port or a turn: URI, not ${JSON.stringify(server)}`,
		);
	}
	const secure = fields?.["scheme"]?.toLowerCase() === "turns";
	const named = fields?.["transport"]?.toLowerCase();
	if (secure && named === "udp") {
		throw new TurnOptionError("options.server", "asks for DTLS (turns: over UDP), which is not supported");
	}
	return { host, port, transport: secure ? "tls" : (named as "udp" | "tcp" | undefined) };
}

/** An IPv6 address without brackets has no port. */
function plainV6(text: string): Record<string, string> | undefined {
	return /^[0-9a-f:.]*:[0-9a-f:.]*:[0-9a-f:.]*$/i.test(text) ? { host: text } : undefined;
}
