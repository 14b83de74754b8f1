/**
 * From when on a pattern is a flood, and how much is remembered to see it: data, argued line by line.
 *
 * All counts of a cause must be reached within its window. They are set so that no day of ordinary mail
 * reaches them (test/flood/ proves it for lists, newsletters, relays and busy senders), and that a
 * flood does within its first minutes.
 */
export interface FloodLimits {
  /** ms; what counts for everything but a slow harvest. Floods that matter make themselves felt within it. */
  readonly window: number;
  /** ms; what counts for a slow harvest, which is spread over days so that nobody sees it. */
  readonly slowWindow: number;
  readonly forgedSender: {
    /** A sender has one or two providers, a famous one with its forwarders dozens; but see `share`. */
    readonly networks: number;
    /** Recipients that failed or were refused, notices to the sender, and mail that came back. */
    readonly harm: number;
    /** Of all that was tried: a famous sender writes to people who exist. */
    readonly share: number;
  };
  readonly forgedDomain: {
    /** More than for one sender: a domain has more people, providers and forwarders... */
    readonly networks: number;
    /** ...and different names at it, or it is a sender that is forged... */
    readonly senders: number;
    readonly harm: number;
    /** ...and hardly any good mail: at most so much, and such a share of the harm... */
    readonly good: number;
    readonly goodShare: number;
    /** ...and of all that nobody wanted at this server. Spam in random names is in those of many domains. */
    readonly ofAll: number;
  };
  readonly harvest: {
    /** Different recipients that do not exist, tried by one address... */
    readonly unknown: number;
    /** ...or by one network, where it does not come from one of its addresses alone. */
    readonly ofNetwork: number;
    /** Of all that it tried: a newsletter has dead addresses, but not mostly. */
    readonly share: number;
  };
  readonly slowHarvest: {
    /** Different recipients that do not exist, at one domain. */
    readonly unknown: number;
    readonly networks: number;
    /** Different ones among all unknown: mail to those who left comes again and again to the same. */
    readonly different: number;
    /** Of all that was tried at the domain. */
    readonly share: number;
    /**
     * So many domains at the same time are one harvest of the server: two or three may each have been chosen by
     * somebody else, more are told once.
     */
    readonly sites: number;
  };
  readonly joeJob: {
    /** Notices to one domain, from so many networks... */
    readonly notices: number;
    readonly networks: number;
    /** ...of which so many are for mailboxes that do not exist... */
    readonly share: number;
    /** ...or which are so many, and more than the domain has sent mail itself. */
    readonly many: number;
  };
  readonly noticeStorm: {
    /** Notices that this server wrote... */
    readonly notices: number;
    /** ...to so many different addresses... */
    readonly targets: number;
    /** ...and of all that came in: a large server fails often, but not mostly. */
    readonly share: number;
  };
  readonly mailLoop: {
    /** Mail for one domain that came back to the server that sent it. */
    readonly returns: number;
    /** Or for several domains that lead to one address, each of them less often. */
    readonly ofHop: number;
  };
  readonly answerLoop: {
    /** Messages in each direction between two addresses: no two people write so often within the window. */
    readonly each: number;
  };
  /**
   * How long an incident stays open: its level grows by one with all that belongs to it, up to `full`, and
   * falls by half in `halfLife` (ms; `slowHalfLife` for a slow harvest). It ends below `floor`.
   */
  readonly quiet: {
    readonly full: number;
    readonly floor: number;
    readonly halfLife: number;
    readonly slowHalfLife: number;
  };
  /** ms; what begins again so soon after its end is the same flood. */
  readonly again: number;
  /** ms; so long after its end, the ends of its mail still belong to it: queues keep mail for five days. */
  readonly aftermath: number;
  /** Most keys that are watched at once; a key of more than twice its share of all mail is never lost. */
  readonly keys: {
    readonly senders: number;
    readonly homes: number;
    readonly clients: number;
    readonly networks: number;
    readonly domains: number;
    readonly hops: number;
    readonly pairs: number;
  };
  /** Most incidents that are open or in their aftermath, and most that are remembered in all. */
  readonly open: number;
  readonly remembered: number;
}

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

export const defaultFloodLimits: FloodLimits = {
  window: hour,
  slowWindow: 3 * day,
  forgedSender: { networks: 8, harm: 60, share: 0.5 },
  forgedDomain: { networks: 20, senders: 40, harm: 120, good: 10, goodShare: 0.05, ofAll: 0.5 },
  harvest: { unknown: 50, ofNetwork: 100, share: 0.6 },
  slowHarvest: { unknown: 300, networks: 50, different: 0.5, share: 0.25, sites: 4 },
  joeJob: { notices: 100, networks: 20, share: 0.5, many: 300 },
  noticeStorm: { notices: 300, targets: 100, share: 0.3 },
  mailLoop: { returns: 20, ofHop: 40 },
  answerLoop: { each: 30 },
  quiet: { full: 64, floor: 4, halfLife: 10 * minute, slowHalfLife: 6 * hour },
  again: 3 * hour,
  aftermath: 5 * day,
  keys: {
    senders: 2048,
    homes: 512,
    clients: 2048,
    networks: 1024,
    domains: 512,
    hops: 64,
    pairs: 4096,
  },
  open: 200,
  remembered: 5000,
};
