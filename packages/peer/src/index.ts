/**
 * Who a node is: keys, signed peer addresses, sealed messages, and the keys of a connection.
 *
 * @packageDocumentation
 */
export {};
