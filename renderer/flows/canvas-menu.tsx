import { Menu } from "@mantine/core";
import { IconArrowBackUp, IconCopy, IconPencil, IconTrash, IconX } from "../parts/icons.ts";
import classes from "./designer.module.css";
import { useDesignerScope } from "./designer-context.ts";
import { startNodeOf } from "./document.ts";
import { disconnect, duplicateStep, removeStep } from "./edit-steps.ts";

export interface MenuPlace {
  x: number;
  y: number;
  node?: string;
  edge?: { from: string; to: string };
}

/** What can be done with the node or the connection under the pointer. */
export function CanvasMenu({ place, onClose }: { place: MenuPlace | undefined; onClose: () => void }) {
  const { designer, openWhatIf } = useDesignerScope();
  if (place === undefined || (place.node === undefined && place.edge === undefined)) return null;
  const { node, edge } = place;
  const isStep = node !== undefined && startNodeOf(designer.document().workflow) !== node;
  return (
    <Menu opened onChange={(opened) => !opened && onClose()} position="bottom-start" withinPortal>
      <Menu.Target>
        <span className={classes.menuAnchor} style={{ left: place.x, top: place.y }} />
      </Menu.Target>
      <Menu.Dropdown>
        {edge !== undefined && (
          <Menu.Item
            leftSection={<IconX size={15} />}
            onClick={() => designer.change((document) => disconnect(document, edge.from, edge.to))}
          >
            Disconnect {edge.from} and {edge.to}
          </Menu.Item>
        )}
        {isStep && (
          <>
            <Menu.Item leftSection={<IconPencil size={15} />} onClick={() => designer.select(node)}>
              Settings of {node}
            </Menu.Item>
            <Menu.Item
              leftSection={<IconArrowBackUp size={15} />}
              onClick={() => {
                designer.select(node);
                openWhatIf();
              }}
            >
              What if it fails?
            </Menu.Item>
            <Menu.Item
              leftSection={<IconCopy size={15} />}
              onClick={() => {
                const copy = duplicateStep(designer.document(), node);
                designer.change(() => copy.document);
                designer.show(copy.id);
              }}
            >
              Duplicate
            </Menu.Item>
          </>
        )}
        {node !== undefined && (
          <Menu.Item
            color="bad"
            leftSection={<IconTrash size={15} />}
            onClick={() => designer.change((document) => removeStep(document, node))}
          >
            Remove {node}
          </Menu.Item>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}
