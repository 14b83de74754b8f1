/** The socket map of the guard that answers transport look-ups. */
export const postfixTransportMap = 'postfix_transport';
