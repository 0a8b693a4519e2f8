/**
 * What connections between nodes are made of.
 *
 * @packageDocumentation
 */
export * from "@p2pd/peer/protocol";
