/** The profiles to choose from, below the environment in the frame. */
import { Button } from "@mantine/core";
import { Link } from "react-router";
import { EnvironmentBadge } from "../parts/environment-tag.tsx";
import { IconCheck } from "../parts/icons.ts";
import { ErrorStrip, SkeletonRows } from "../parts/states.tsx";
import { useProfiles } from "../queries.ts";
import { openChoose } from "./profile-sheets-store.ts";
import classes from "./profiles.module.css";

export function ProfileMenu({ onClose }: { onClose: () => void }) {
  const { data, error, refetch } = useProfiles();
  return (
    <>
      {data === undefined ? (
        error === null ? (
          <SkeletonRows rows={3} />
        ) : (
          <ErrorStrip what="The profiles can't be read." error={error} onRetry={() => void refetch()} />
        )
      ) : (
        <ul className={classes.menu} aria-label="Profiles">
          {data.profiles.map(({ name, environment }) => (
            <li key={name}>
              <button
                type="button"
                className={classes.menuItem}
                aria-current={name === data.current ? "true" : undefined}
                disabled={name === data.current}
                onClick={() => {
                  onClose();
                  openChoose(name);
                }}
              >
                <span>
                  <EnvironmentBadge environment={environment} />
                </span>
                <span className="ag-truncate">{name}</span>
                {name === data.current && <IconCheck size={16} aria-label="open" />}
              </button>
            </li>
          ))}
        </ul>
      )}
      <div className={classes.menuFoot}>
        <Button component={Link} to="/profiles" variant="subtle" onClick={onClose}>
          All profiles
        </Button>
        <Button component={Link} to="/profiles/new" variant="subtle" onClick={onClose}>
          Connect to a cluster…
        </Button>
      </div>
    </>
  );
}
