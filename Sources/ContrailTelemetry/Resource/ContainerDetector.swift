extension Telemetry {
    /// The container, if there is one: `container.id` (semantic conventions, "Container").
    ///
    /// With control groups of version 1 the id is in `/proc/self/cgroup`; with version 2 that file says nothing inside a
    /// container, and the id is in the paths of what the runtime mounts into it.
    public struct ContainerDetector: ResourceDetector {
        /// `container`.
        public let name = "container"
        private let system: SystemReader

        /// Looks at this process.
        public init() { self.init(system: .current()) }

        package init(system: SystemReader) { self.system = system }

        /// Reads two small files.
        public func detect() -> Resource {
            let id =
                Self.id(controlGroups: system.read("/proc/self/cgroup") ?? "")
                ?? Self.id(mounts: system.read("/proc/self/mountinfo") ?? "")
            return .found([("container.id", .text(id))])
        }

        /// The id in the last part of a group's path: `/docker/<id>`, `/kubepods/…/<id>`,
        /// `/system.slice/docker-<id>.scope`, `/…/cri-containerd-<id>.scope`, `/…/<pod>:cri-containerd:<id>`.
        static func id(controlGroups text: String) -> String? {
            for line in text.split(whereSeparator: \.isNewline) {
                guard let path = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false).last,
                    var last = path.split(separator: "/").last
                else { continue }
                if last.hasSuffix(".scope") { last = last.dropLast(6) }
                if let word = last.split(whereSeparator: { $0 == "-" || $0 == ":" }).last, isID(word) {
                    return String(word)
                }
            }
            return nil
        }

        /// The id behind `containers/` in the source of a mount: `/var/lib/docker/containers/<id>/hostname`,
        /// `/…/overlay-containers/<id>/userdata/hostname`. What stands behind `sandboxes/` is the pod's, not ours.
        static func id(mounts text: String) -> String? {
            for line in text.split(whereSeparator: \.isNewline) {
                // proc_pid_mountinfo(5): the fourth field is the root of the mount in its own file system.
                let fields = line.split(separator: " ", maxSplits: 4)
                guard fields.count > 3 else { continue }
                let parts = fields[3].split(separator: "/")
                for (part, next) in zip(parts, parts.dropFirst()) where part.hasSuffix("containers") && isID(next) {
                    return String(next)
                }
            }
            return nil
        }

        /// Docker, containerd, CRI-O and Podman all draw 32 random bytes.
        private static func isID(_ text: Substring) -> Bool {
            text.utf8.count == 64 && text.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
        }
    }
}
