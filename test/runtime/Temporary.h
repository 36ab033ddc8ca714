// Paths for files of a test, in a folder that goes away with the process.
#ifndef OGEE_TEST_RUNTIME_TEMPORARY_H
#define OGEE_TEST_RUNTIME_TEMPORARY_H

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

/// A path of that name; the file is not made.
inline std::string temporary(const std::string &name) {
  static const struct Folder {
    std::string path = testing::TempDir() + "ogee-XXXXXX";

    Folder() {
      if (!mkdtemp(path.data()))
        abort();
    }
    ~Folder() { std::filesystem::remove_all(path); }
  } folder;
  return folder.path + "/" + name;
}

#endif // OGEE_TEST_RUNTIME_TEMPORARY_H
