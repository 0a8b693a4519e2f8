/**
 * P2PNode: a node with an address that other nodes connect to, through NATs, encrypted.
 *
 * @packageDocumentation
 */
export {};
