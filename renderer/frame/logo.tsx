/** The graph and its way back: two nodes, one edge forward, one dashed edge returning. */
export function Logo() {
  return (
    <svg width="22" height="22" viewBox="0 0 22 22" fill="none" stroke="currentColor" strokeWidth="1.8" aria-hidden>
      <circle cx="4.5" cy="11" r="2.7" fill="currentColor" />
      <circle cx="17.5" cy="11" r="2.7" />
      <path d="M6 8.2C8 4.6 13.6 4.4 15.8 7.6" strokeLinecap="round" />
      <path d="M15.8 14.4C13.6 17.6 8 17.4 6 13.8" strokeLinecap="round" strokeDasharray="2.6 2.6" />
    </svg>
  );
}
