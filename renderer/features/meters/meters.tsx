import { Route, Switch } from 'wouter';
import { AddAsset } from './add-asset.tsx';
import { AddMeter } from './add-meter.tsx';
import { AssetPage } from './asset-page.tsx';
import { ImportFile } from './import-file.tsx';
import { MeterList } from './meter-list.tsx';
import { MeterPage } from './meter-page.tsx';

export function Meters() {
  return (
    <Switch>
      <Route path="/meters" component={MeterList} />
      <Route path="/meters/add" component={AddMeter} />
      <Route path="/meters/import" component={ImportFile} />
      <Route path="/meters/add-asset" component={AddAsset} />
      <Route path="/meters/asset/:asset">{({ asset }) => <AssetPage key={asset} asset={asset} />}</Route>
      <Route path="/meters/:meter">{({ meter }) => <MeterPage key={meter} meter={meter} />}</Route>
    </Switch>
  );
}
