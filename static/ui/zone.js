// The server groups the list by days: it has to know where on earth they begin.

const COOKIE = "parley_zone";
const YEAR_SECONDS = 365 * 24 * 3600;

// Whether the server did not know before.
export function noteZone() {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone ?? "";
  const line = `${COOKIE}=${zone}`;
  if (!/^[\w+\-/]+$/.test(zone) || document.cookie.split("; ").includes(line)) return false;
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `${line}; Path=/; Max-Age=${YEAR_SECONDS}; SameSite=Lax${secure}`;
  return true;
}
