import { Button, Menu } from "@mantine/core";
import { IconChevronDown } from "../parts/icons.ts";
import type { Offer } from "./offers.ts";

export interface MoreMenuProps {
  offers: Offer[];
  onOffer: (offer: Offer) => void;
  onCompare: () => void;
}

/** Open from the start: it is there because somebody pressed its button. */
export function MoreMenu({ offers, onOffer, onCompare }: MoreMenuProps) {
  return (
    <Menu position="bottom-end" defaultOpened>
      <Menu.Target>
        <Button rightSection={<IconChevronDown size={14} />}>More</Button>
      </Menu.Target>
      <Menu.Dropdown>
        {offers.map((offer) => (
          <Menu.Item key={offer.id} onClick={() => onOffer(offer)}>
            {offer.label}…
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item onClick={onCompare}>Compare with another…</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
