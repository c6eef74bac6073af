import { existsSync } from "node:fs";
import { join } from "node:path";

/** Where Chromium keeps a graphics driver that computes on the processor (SwiftShader), with a loader for it. */
const FOLDERS = ["/usr/lib/chromium", "/usr/lib/chromium-browser", "/opt/google/chrome"];

/** An environment in which the only graphics adapter is a program, or undefined where there is none on this machine. */
export function softwareVulkan(): NodeJS.ProcessEnv | undefined {
  const folder = FOLDERS.find((path) =>
    ["vk_swiftshader_icd.json", "libvulkan.so.1"].every((file) => existsSync(join(path, file))),
  );
  if (folder === undefined) return undefined;
  const driver = join(folder, "vk_swiftshader_icd.json");
  return {
    ...process.env,
    VK_ICD_FILENAMES: driver,
    VK_DRIVER_FILES: driver,
    LD_LIBRARY_PATH: folder,
  };
}
