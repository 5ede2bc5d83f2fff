import { Route, Switch } from 'wouter';
import { AddMember } from './add-member.tsx';
import { AddOrganisation } from './add-organisation.tsx';
import { Invite } from './invite.tsx';
import { MemberList } from './member-list.tsx';
import { MemberPage } from './member-page.tsx';

export function Members() {
  return (
    <Switch>
      <Route path="/members" component={MemberList} />
      <Route path="/members/add" component={AddMember} />
      <Route path="/members/add-organisation" component={AddOrganisation} />
      <Route path="/members/invite" component={Invite} />
      <Route path="/members/:member">{({ member }) => <MemberPage key={member} member={member} />}</Route>
    </Switch>
  );
}
