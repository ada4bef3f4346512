import { useParams } from "react-router";
import { Document } from "./document";
import { Home } from "./home";

/** Documents: send some, and look at one. */
export default function Read() {
  const { job } = useParams();
  return job ? <Document key={job} id={job} /> : <Home />;
}
