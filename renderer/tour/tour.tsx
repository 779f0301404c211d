import { ActionIcon } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import type { TablerIcon } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useNavigate } from "react-router";
import { api } from "../api.ts";
import { IconArrowBackUp, IconCheck, IconPlayerPlay, IconPlugConnected, IconSitemap, IconX } from "../parts/icons.ts";
import { describeError } from "../parts/states.tsx";
import { useFlows, useInfo } from "../queries.ts";
import { openStartJourney } from "../start/start-store.ts";
import classes from "./tour.module.css";
import { readTour, type TourStep, writeTour } from "./tour-state.ts";

/** The sample flow of the tour, an input that succeeds, and one that its last service refuses. */
const FLOW = "onboarding";
const GOOD_INPUT = { name: "Ada Lovelace", email: "ada@example.com", group: "engineering" };
const BAD_INPUT = { name: "Charles Babbage", email: "charles@example.com", group: "closed" };

/** The first five minutes, beside the samples that run already. Gone for good when it is closed. */
export function Tour() {
  const samples = useInfo().data?.samples === true;
  const hasFlow = useFlows().data?.flows.some(({ name }) => name === FLOW) === true;
  const [state, setState] = useState(() => readTour());
  const navigate = useNavigate();
  const fail = useMutation({
    mutationFn: async () => {
      const uuid = crypto.randomUUID();
      await api.start({ name: FLOW, data: BAD_INPUT, uuid });
      return uuid;
    },
    onSuccess: (uuid) => navigate(`/journeys/${uuid}`),
    onError: (error) => {
      const { message, fix } = describeError(error);
      notifications.show({ color: "bad", title: "Not started", message: `${message} ${fix}` });
    },
  });
  if (!samples || !hasFlow || state.closed) return null;

  const update = (next: typeof state) => {
    writeTour(next);
    setState(next);
  };
  const did = (step: TourStep, run: () => void) => () => {
    update({ ...state, done: [...new Set([...state.done, step])] });
    run();
  };

  return (
    <section className={classes.tour} aria-label="First steps">
      <div className={classes.head}>
        <h2 className={classes.title}>Welcome. Sample services and flows are running; try them:</h2>
        <ActionIcon aria-label="Close the first steps" onClick={() => update({ ...state, closed: true })}>
          <IconX size={17} />
        </ActionIcon>
      </div>
      <div className={classes.cards}>
        <Card
          icon={IconPlayerPlay}
          title="Start a journey"
          text="Three sample services, one after the other."
          done={state.done.includes("start")}
          onClick={did("start", () => openStartJourney({ name: FLOW, data: GOOD_INPUT }))}
        />
        <Card
          icon={IconArrowBackUp}
          title="Watch one undo itself"
          text="Its last step fails; the others are undone."
          done={state.done.includes("fail")}
          onClick={did("fail", () => fail.mutate())}
        />
        <Card
          icon={IconSitemap}
          title="Draw a flow"
          text="Beside the canvas stands its way back, live."
          done={state.done.includes("draw")}
          onClick={did("draw", () => void navigate("/flows/new"))}
        />
        <Card
          icon={IconPlugConnected}
          title="Connect to a cluster"
          text="Your own Kafka, tested stage by stage."
          done={state.done.includes("connect")}
          onClick={did("connect", () => void navigate("/profiles/new"))}
        />
      </div>
    </section>
  );
}

interface CardProps {
  icon: TablerIcon;
  title: string;
  text: string;
  done: boolean;
  onClick: () => void;
}

function Card({ icon: Icon, title, text, done, onClick }: CardProps) {
  return (
    <button type="button" className={classes.card} onClick={onClick}>
      <span className={`${classes.icon} ${done ? classes.done : ""}`}>
        {done ? <IconCheck size={17} aria-hidden /> : <Icon size={17} aria-hidden />}
      </span>
      <span>
        <span className={classes.cardTitle}>
          {title}
          {done && <span className="ag-visually-hidden"> (tried)</span>}
        </span>
        <span className={classes.text}>{text}</span>
      </span>
    </button>
  );
}
