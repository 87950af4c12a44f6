/** The console: one live socket for all its pages. */
import { Route, Switch } from "wouter";
import { AccountGate, useAccount } from "../account/account-gate.tsx";
import { NotFound } from "../ui/not-found.tsx";
import { toPageTabs } from "../ui/page-tabs.ts";
import { AnalyticsPage } from "./analytics-page.tsx";
import { CircuitsPage } from "./circuits-page.tsx";
import { SelectionsPage } from "./selections-page.tsx";
import { useCircuitBoard } from "./use-circuit-board.ts";

function Console() {
  const { user } = useAccount();
  const isAdmin = user.role === "admin";
  const tabs = toPageTabs(user.role);
  const board = useCircuitBoard(isAdmin);
  return (
    <Switch>
      <Route path="/console/selections">
        <SelectionsPage
          tabs={tabs}
          tail={board.state.tail}
          connection={isAdmin ? board.state.connection : null}
        />
      </Route>
      <Route path="/console/analytics">
        <AnalyticsPage tabs={tabs} />
      </Route>
      <Route path="/console">
        <CircuitsPage tabs={tabs} board={board} isAdmin={isAdmin} />
      </Route>
      <Route>
        <NotFound />
      </Route>
    </Switch>
  );
}

/** For signed-in people; circuits for admins. */
export function ConsolePage() {
  return (
    <AccountGate>
      <Console />
    </AccountGate>
  );
}
