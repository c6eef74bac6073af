import { setImmediate } from "node:timers/promises";
import { status } from "@grpc/grpc-js";
