import {
	DEFAULT_STUN_SERVERS,
	parseStunServer,
	StunConfigError,
	type StunServerSpec,
	stunServersFromEnv,
} from "@p2pd/stun-client";

/**
 * The STUN servers that may be contacted: those of the option, else those of P2PD_STUN_SERVERS, else the public
 * default list.
 *
 * @throws StunConfigError (ERR_STUN_CONFIG) for a text that names no server, or no list
 */
export function stunServersFor(
	option: readonly (string | StunServerSpec)[] | undefined,
	env: Readonly<Record<string, string | undefined>>,
): readonly StunServerSpec[] {
	// `P2PD_STUN_SERVERS` is one text, so one text is easily given here too.
	if (option && !Array.isArray(option)) throw new StunConfigError("stunServers is a list of STUN servers");
	if (option) return option.map((server) => (typeof server === "string" ? parseStunServer(server) : server));
	return stunServersFromEnv(env) ?? DEFAULT_STUN_SERVERS;
}
