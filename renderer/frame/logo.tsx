/** The graph and its way back: two nodes, one edge forward, one dashed edge returning. */
export function Logo() {
  return (
    <svg width="24" height="24" viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeWidth="2" aria-hidden>
      <circle cx="4.5" cy="12" r="2.6" fill="currentColor" />
      <circle cx="19.5" cy="12" r="2.6" />
      <path d="M4.8 7.2C7 3.4 17 3.4 19.2 7.2" strokeLinecap="round" />
      <path d="M19.2 16.8C17 20.6 7 20.6 4.8 16.8" strokeLinecap="round" strokeDasharray="0.5 3.6" />
    </svg>
  );
}
