// The reader against files that lie, the writer against the reader.
#include "runtime/Safetensors.h"
#include "runtime/Abi.h"
#include "test/runtime/Temporary.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <string>

using namespace ogee::runtime;

namespace {

/// The parser's message for a header, or "" where it is accepted.
std::string errorOf(std::string header, int64_t bufferBytes) {
  Array<FileTensor> tensors;
  Message message;
  // Exactly the bytes, so that the address sanitizer sees a step too far.
  auto *text = static_cast<char *>(malloc(header.size()));
  memcpy(text, header.data(), header.size());
  bool good = parseHeader(text, header.size(), bufferBytes, tensors, message);
  free(text);
  return good ? "" : message.text;
}

std::string one(const std::string &dtype, const std::string &shape,
                const std::string &offsets) {
  return "{\"a\":{\"dtype\":\"" + dtype + "\",\"shape\":" + shape +
         ",\"data_offsets\":" + offsets + "}}";
}

void writeFile(const std::string &path, uint64_t length,
               const std::string &rest) {
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char *>(&length), sizeof length);
  file << rest;
}

std::string openError(const std::string &path) {
  SafetensorsFile file;
  Message message;
  return file.open(path.c_str(), message) ? "" : message.text;
}

} // namespace

TEST(SafetensorsHeader, Accepts) {
  EXPECT_EQ(errorOf("{}", 0), "");
  EXPECT_EQ(errorOf("{}    ", 0), "");
  EXPECT_EQ(errorOf(one("F32", "[2,3]", "[0,24]") + "   ", 24), "");
  EXPECT_EQ(errorOf(one("F64", "[]", "[0,8]"), 8), "");
  EXPECT_EQ(errorOf(one("F64", "[0]", "[0,0]"), 0), "");
  EXPECT_EQ(errorOf(one("F8_E4M3", "[3]", "[0,3]"), 3), "");
  EXPECT_EQ(errorOf("{\"__metadata__\":{\"format\":\"pt\"}}", 0), "");
  EXPECT_EQ(errorOf("{ \"__metadata__\" : { } ,\n \"a\" : { \"shape\" : [ 1 ] "
                    ", \"dtype\" : \"I32\" , \"data_offsets\" : [ 0 , 4 ] } }",
                    4),
            "");
}

TEST(SafetensorsHeader, RefusesBrokenText) {
  for (const char *text : {"",
                           " {}",
                           "[]",
                           "{",
                           "{\"a\"",
                           "{\"a\":",
                           "{\"a\":{",
                           "{}x",
                           "{},",
                           "{\"a\":{}}",
                           "{\"a\":1}",
                           "{\"a\":null}",
                           "{,}",
                           "{\"a\":{\"dtype\":\"F32\"}}",
                           "{\"__metadata__\":{\"a\":1}}",
                           "{\"__metadata__\":[]}",
                           "{\"__metadata__\":{},\"__metadata__\":{}}",
                           "{\"a\\",
                           "{\"\\u12",
                           "{\"\\ud800\":{}}",
                           "{\"\\udc00\":{}}",
                           "{\"\\ud800\\u0041\":{}}",
                           "{\"\\u0000\":{}}",
                           "{\"\\x\":{}}",
                           "{\"a\nb\":{}}"})
    EXPECT_NE(errorOf(text, 0), "") << text;
}

TEST(SafetensorsHeader, EveryPrefixIsRefused) {
  std::string whole = "{\"__metadata__\":{\"k\":\"v\\u00e9\"},\"a\":{\"dtype\":"
                      "\"F32\",\"shape\":[2,3],\"data_offsets\":[0,24]}}";
  ASSERT_EQ(errorOf(whole, 24), "");
  for (size_t size = 0; size < whole.size(); ++size)
    EXPECT_NE(errorOf(whole.substr(0, size), 24), "") << size;
}

TEST(SafetensorsHeader, EveryChangedByteIsReadSafely) {
  std::string whole = one("F32", "[2,3]", "[0,24]");
  for (size_t place = 0; place < whole.size(); ++place)
    for (int byte = 0; byte < 256; ++byte) {
      std::string changed = whole;
      changed[place] = static_cast<char>(byte);
      errorOf(changed, 24);
    }
}

TEST(SafetensorsHeader, RefusesNumbersThatLie) {
  EXPECT_NE(errorOf(one("F32", "[2,3]", "[0,20]"), 20), "");
  EXPECT_NE(errorOf(one("F32", "[2,3]", "[0,24]"), 20), "");
  EXPECT_NE(errorOf(one("F32", "[2,3]", "[0,24]"), 28), "");
  EXPECT_NE(errorOf(one("F32", "[2,3]", "[4,28]"), 28), "");
  EXPECT_NE(errorOf(one("F32", "[2,3]", "[24,0]"), 24), "");
  EXPECT_NE(errorOf(one("F32", "[-2]", "[0,8]"), 8), "");
  EXPECT_NE(errorOf(one("F32", "[2.0]", "[0,8]"), 8), "");
  EXPECT_NE(errorOf(one("F32", "[02]", "[0,8]"), 8), "");
  EXPECT_NE(errorOf(one("F32", "[1e1]", "[0,40]"), 40), "");
  EXPECT_NE(errorOf(one("F32", "[2]", "[0,8,8]"), 8), "");
  EXPECT_NE(errorOf(one("F32", "[2]", "[8]"), 8), "");
  EXPECT_NE(errorOf(one("F31", "[2]", "[0,8]"), 8), "");
  // 2^32 * 2^32 wraps to 0; 2^62 elements of 4 bytes wrap to 0.
  EXPECT_NE(errorOf(one("F32", "[4294967296,4294967296]", "[0,0]"), 0), "");
  EXPECT_NE(errorOf(one("F32", "[4611686018427387904]", "[0,0]"), 0), "");
  EXPECT_NE(errorOf(one("F32", "[99999999999999999999]", "[0,0]"), 0), "");
  EXPECT_NE(
      errorOf(one("F32", "[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]", "[0,4]"), 4),
      "");
}

TEST(SafetensorsHeader, RefusesOverlapHolesAndDoubles) {
  auto two = [](const char *name, const char *first, const char *second) {
    std::string entry = "\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":";
    return "{\"a\":{" + entry + first + "},\"" + name + "\":{" + entry +
           second + "}}";
  };
  EXPECT_EQ(errorOf(two("b", "[0,4]", "[4,8]"), 8), "");
  EXPECT_EQ(errorOf(two("b", "[4,8]", "[0,4]"), 8), "");
  EXPECT_NE(errorOf(two("b", "[0,4]", "[2,6]"), 6), "");
  EXPECT_NE(errorOf(two("b", "[0,4]", "[0,4]"), 4), "");
  EXPECT_NE(errorOf(two("b", "[0,4]", "[6,10]"), 10), "");
  EXPECT_NE(errorOf(two("a", "[0,4]", "[4,8]"), 8), "");
  EXPECT_NE(errorOf(two("\\u0061", "[0,4]", "[4,8]"), 8), "");
}

TEST(SafetensorsFile, RefusesBrokenFiles) {
  std::string path = temporary("broken");
  EXPECT_NE(openError(path), "");
  std::ofstream(path, std::ios::binary) << "1234";
  EXPECT_NE(openError(path), "");
  for (uint64_t length :
       {uint64_t(3), uint64_t(100'000'001), ~uint64_t(0), uint64_t(1) << 63}) {
    writeFile(path, length, "{}");
    EXPECT_NE(openError(path), "") << length;
  }
  writeFile(path, 2, "{}");
  EXPECT_EQ(openError(path), "");
  EXPECT_NE(openError(testing::TempDir()), "");
  remove(path.c_str());
}

TEST(SafetensorsFile, WritesWhatItReads) {
  std::string path = temporary("round");
  const int64_t matrix[] = {2, 3}, vector[] = {3};
  const float floats[] = {1, 2, 3, 4, 5, 6};
  const double doubles[] = {-1, 0.1, 1e300};
  const int32_t integers[] = {1, -2, 3};
  auto bytes = [](const void *data) {
    return static_cast<const uint8_t *>(data);
  };
  Array<NamedTensor> tensors;
  tensors.push({"b.weight", matrix, 2, 6, OGEE_F32, bytes(floats)});
  tensors.push({"quote\"back\\", vector, 1, 3, OGEE_F64, bytes(doubles)});
  tensors.push({"a", vector, 1, 3, OGEE_I32, bytes(integers)});
  tensors.push({"scalar", nullptr, 0, 1, OGEE_F32, bytes(floats)});
  Message message;
  ASSERT_TRUE(writeSafetensors(path.c_str(), tensors, message)) << message.text;
  SafetensorsFile file;
  ASSERT_TRUE(file.open(path.c_str(), message)) << message.text;
  EXPECT_EQ(file.tensors().size(), 4);
  EXPECT_EQ(file.bufferStart() % 8, 0);
  const FileTensor *wide = file.find("quote\"back\\");
  ASSERT_NE(wide, nullptr);
  // The widest elements come first, so that all are aligned.
  EXPECT_EQ(wide->begin, 0);
  double read[3];
  ASSERT_TRUE(file.read(*wide, 0, read, sizeof read, message));
  EXPECT_EQ(memcmp(read, doubles, sizeof read), 0);
  const FileTensor *weight = file.find("b.weight");
  ASSERT_NE(weight, nullptr);
  EXPECT_EQ(weight->rank, 2);
  EXPECT_EQ(weight->shape[1], 3);
  EXPECT_EQ(file.find("scalar")->rank, 0);
  EXPECT_EQ(file.find("missing"), nullptr);
  remove(path.c_str());
}

TEST(SafetensorsFile, AFailedWriteLeavesTheOldFile) {
  Array<NamedTensor> tensors;
  Message message;
  EXPECT_FALSE(writeSafetensors("/nonexistent/file", tensors, message));
  EXPECT_NE(std::string(message.text).find("cannot write"), std::string::npos);
}
