/**
 * AdminService's part for the platform: version, projects, domains, names; and IdentityService.
 * @module
 */
import type { ServiceImpl } from "@connectrpc/connect";
import { ResourceType } from "../../../runtime/flyte/idl/flyteidl/core/identifier_pb.ts";
import type { AdminService } from "../../../runtime/flyte/idl/flyteidl/service/admin_pb.ts";
import type { IdentityService } from "../../../runtime/flyte/idl/flyteidl/service/identity_pb.ts";
import { identity } from "./auth.ts";
import { invalid } from "./checks.ts";
import { page } from "./lists.ts";
import { DOMAINS, type World } from "./world.ts";

export function platformMethods(world: World) {
  const domains = DOMAINS.map((id) => ({ id, name: id }));
  const project = (id: string) => ({ id, name: id, domains });
  return {
    getVersion: () => ({
      controlPlaneVersion: {
        Version: "v1.16.5-double",
        Build: "a double for tests, not flyteadmin",
        BuildTime: "1970-01-01T00:00:00Z",
      },
    }),
    getDomains: () => ({ domains }),
    listProjects: () => ({ projects: world.projects.map(project) }),
    getProject: ({ id }) => project(id),
    getNamedEntity({ resourceType, id }) {
      if (!id?.name) throw invalid("missing name");
      return { resourceType, id, metadata: {} };
    },
    listNamedEntities({ resourceType, project, domain, limit, token, sortBy }) {
      const registry =
        resourceType === ResourceType.TASK
          ? world.tasks
          : resourceType === ResourceType.WORKFLOW
            ? world.workflows
            : world.launchPlans;
      const rows = registry.rows({ project, domain, name: "" });
      const names = [...new Set(rows.map(({ id }) => id.name))].sort();
      const found = page(names, { limit, token, sortBy }, "named_entity", (name, field) =>
        field === "name" ? name : undefined,
      );
      return {
        entities: found.rows.map((name) => ({
          resourceType,
          id: { project, domain, name },
          metadata: {},
        })),
        token: found.token,
      };
    },
  } satisfies Partial<ServiceImpl<typeof AdminService>>;
}

export const identityMethods: ServiceImpl<typeof IdentityService> = {
  userInfo: (_request, { values }) => ({
    subject: values.get(identity),
    name: values.get(identity),
    preferredUsername: values.get(identity),
  }),
};
