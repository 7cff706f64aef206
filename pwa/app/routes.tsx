/** Which view an address has, and what it is called. */
import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import LoansView from '../loans/loans_view.tsx';
import TodayView from '../today/today_view.tsx';
import { need, rooms } from '../words/bookings.ts';
import { Empty } from '../components/parts.tsx';
import { record, search } from '../words/catalogue.ts';
import { notHere, title } from '../words/common.ts';
import { accessibility, help, hours, more, notFound, syncHealth } from '../words/help.ts';
import { signIn, signOut } from '../words/identity.ts';
import { loans } from '../words/loans.ts';
import { settings } from '../words/settings.ts';
import { today } from '../words/today.ts';
import { waiting } from '../words/waiting.ts';
import { arrived, path } from './router.ts';

interface Route {
  at: RegExp;
  title: string;
  view?: ComponentType;
  load?: () => Promise<{ default: ComponentType }>;
}

const ROUTES: Route[] = [
  { at: /^\/$/, title: today.title, view: TodayView },
  { at: /^\/loans$/, title: loans.title, view: LoansView },
  { at: /^\/waiting$/, title: waiting.title, load: () => import('../waiting/waiting_view.tsx') },
  { at: /^\/search$/, title: search.title, load: () => import('../catalogue/search_view.tsx') },
  { at: /^\/records\/[^/]+$/, title: record.title, load: () => import('../catalogue/record_view.tsx') },
  { at: /^\/rooms$/, title: rooms.title, load: () => import('../bookings/rooms_view.tsx') },
  { at: /^\/rooms\/need$/, title: need.title, load: () => import('../bookings/need_view.tsx') },
  { at: /^\/settings$/, title: settings.title, load: () => import('../settings/settings_view.tsx') },
  { at: /^\/hours$/, title: hours.title, load: () => import('../hours/hours_view.tsx') },
  { at: /^\/help$/, title: help.title, load: () => import('../help/help_view.tsx') },
  { at: /^\/sync-health$/, title: syncHealth.title, load: () => import('../sync_health/sync_health_view.tsx') },
  { at: /^\/more$/, title: more.title, load: () => import('../more/more_view.tsx') },
  { at: /^\/sign-in$/, title: signIn.title, load: () => import('../identity/sign_in_view.tsx') },
  { at: /^\/sign-out$/, title: signOut.title, load: () => import('../identity/sign_out_view.tsx') },
  { at: /^\/accessibility$/, title: accessibility.title, load: () => import('../accessibility/accessibility_view.tsx') },
];
const NOWHERE: Route = { at: /./, title: notFound.title, load: () => import('../more/not_found_view.tsx') };
const routeAt = (at: string): Route => ROUTES.find((each) => each.at.test(at)) ?? NOWHERE;

/** In the place of a view whose file could not be fetched. */
function NotHere() {
  const route = routeAt(path.peek());
  return (
    <>
      <h1 tabIndex={-1}>{route.title}</h1>
      <Empty {...notHere} />
      <p class="acts">
        <button type="button" class="btn" onClick={() => location.reload()}>
          {notHere.again}
        </button>
      </p>
    </>
  );
}

/** The view of the present address; the one before stays until the next is here, so nothing jumps. */
export function Routed() {
  const at = path.value;
  const route = routeAt(at);
  const [shown, setShown] = useState<{ at: string; route: Route; view: ComponentType } | null>(route.view ? { at, route, view: route.view } : null);
  useEffect(() => {
    let stale = false;
    if (route.view) setShown({ at, route, view: route.view });
    else {
      void route.load?.().then(
        (loaded) => {
          route.view = loaded.default;
          if (!stale) setShown({ at, route, view: loaded.default });
        },
        () => {
          if (!stale) setShown({ at, route, view: NotHere });
        },
      );
    }
    return () => {
      stale = true;
    };
  }, [at]);
  useEffect(() => {
    if (shown) arrived(title(shown.route.title));
  }, [shown]);
  if (shown) return <shown.view key={shown.at} />;
  return (
    <h1 class="coming" tabIndex={-1}>
      {route.title}
    </h1>
  );
}
