import { Route, Switch } from 'wouter';
import { MonthList } from './month-list.tsx';
import { MonthPage } from './month-page.tsx';
import { StatementPage } from './statement-page.tsx';

export function Accounts() {
  return (
    <Switch>
      <Route path="/accounts" component={MonthList} />
      <Route path="/accounts/:month">{({ month }) => <MonthPage key={month} month={month} />}</Route>
      <Route path="/accounts/:month/:member">
        {({ month, member }) => <StatementPage key={`${month}-${member}`} month={month} member={member} />}
      </Route>
    </Switch>
  );
}
