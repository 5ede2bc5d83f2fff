import {
  BatteryMedium,
  Fuel,
  House,
  Leaf,
  type LucideIcon,
  MapPin,
  School,
  SquarePlus,
  Store,
  Sun,
  UtilityPole,
  Waves,
  Wheat,
  Wind,
} from 'lucide-react';
import type { Place, Source } from './words.ts';

export const SOURCE_ICONS: Record<Source, LucideIcon> = {
  solar: Sun,
  hydro: Waves,
  wind: Wind,
  biomass: Leaf,
  diesel: Fuel,
  battery: BatteryMedium,
  grid: UtilityPole,
};
export const PLACE_ICONS: Record<Place, LucideIcon> = {
  home: House,
  mill: Wheat,
  clinic: SquarePlus,
  school: School,
  shop: Store,
  other: MapPin,
};
