import Glibc

/// What `scripts/test` asks of the tests.
package enum TestEnvironment {
    /// Which poller the suite is to run on: `CONTRAIL_POLLER`.
    package static var poller: String? { text("CONTRAIL_POLLER") }
    /// With what the version of the loaded libcurl is to begin: `CONTRAIL_TEST_LIBCURL`.
    package static var libcurl: String? { text("CONTRAIL_TEST_LIBCURL") }
    /// True if what is too long for every change is to run as well: `CONTRAIL_TEST_LONG`.
    package static var isLong: Bool { text("CONTRAIL_TEST_LONG") != nil }
    /// True if tests are to take as long as it needs: `CONTRAIL_TEST_FULL`.
    package static var isFull: Bool { text("CONTRAIL_TEST_FULL") != nil }

    /// The path of an OutageProgram that was built with optimisation: `CONTRAIL_TEST_OPTIMISED`.
    package static var optimisedProgram: String? { text("CONTRAIL_TEST_OPTIMISED") }

    /// The top of the repository.
    package static let root: String = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3)
        .joined(separator: "/")
    /// The Python that scripts/setup makes.
    package static var python: String { root + "/.venv/bin/python" }

    private static func text(_ name: String) -> String? {
        // SAFETY: the text is copied at once, and no test changes the environment.
        unsafe getenv(name).map { unsafe String(cString: $0) }
    }
}
