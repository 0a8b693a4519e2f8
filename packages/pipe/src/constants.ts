/** A byte stream: a connection as client, or a listening server. */
export const TCP = "tcp" as const;

/** Datagrams: one peer as client, many as server. */
export const UDP = "udp" as const;

/** The subscription key of all messages. */
export const SUB_ALL = null;
