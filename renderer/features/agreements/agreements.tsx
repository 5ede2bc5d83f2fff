import { Route, Switch } from 'wouter';
import { AgreementList } from './agreement-list.tsx';
import { AgreementPage } from './agreement-page.tsx';
import { NewAgreement } from './new-agreement.tsx';

export function Agreements() {
  return (
    <Switch>
      <Route path="/agreements" component={AgreementList} />
      <Route path="/agreements/new" component={NewAgreement} />
      <Route path="/agreements/:agreement">
        {({ agreement }) => <AgreementPage key={agreement} agreement={agreement} />}
      </Route>
    </Switch>
  );
}
