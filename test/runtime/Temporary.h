// Paths for files of a test, in a folder that goes away with the process.
#ifndef OGEE_TEST_RUNTIME_TEMPORARY_H
#define OGEE_TEST_RUNTIME_TEMPORARY_H

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

/// Made before any test, so that a child process never owns one.
inline const struct TemporaryFolder {
  std::string path = testing::TempDir() + "ogee-XXXXXX";

  TemporaryFolder() {
    if (!mkdtemp(path.data()))
      abort();
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path); }
} temporaryFolder;

/// A path of that name; the file is not made.
inline std::string temporary(const std::string &name) {
  return temporaryFolder.path + "/" + name;
}

#endif // OGEE_TEST_RUNTIME_TEMPORARY_H
